# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The rules, without I/O, clock or settings. These words bind names everywhere.

source: a municipal system that hands us notices. service: what a notice is about. notice, revision: one thing the
public should know, and its versions. audience: services x grades x schools x areas x languages. channel: one place we
publish to, of a kind. delivery: one notice owed to one channel. attempt, outcome: one try, kept; what it came to.
lane: urgent, normal, bulk. turn, claim, lease, pace: taking due work, for how long, how often. in doubt, probe, adopt:
outcome unknown, ask the channel, take what is found there as ours. dead letter, redrive: given up with a reason, a
fresh start by a person. withdraw, supersede: take back, replaced by a newer notice.
"""
