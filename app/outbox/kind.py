# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the outbox must know of a kind of channel, without knowing the platform."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.domain.cap import Cap
from app.domain.delivery import Part
from app.domain.outcome import Refused
from app.domain.pace import Limits
from app.outbox.owed import Owed

NO_CAP = Cap()
Render = Callable[[Owed], Sequence[Part] | Refused]


def of_the_channel(owed: Owed) -> Sequence[str]:
    return (owed.language,)


@dataclass(frozen=True)
class ChannelKind:
    """A kind: its pace, how a notice looks there (pure, quick), and which addresses count as groups.

    `once_key`: the platform does a thing once however often it is told under one key (an idempotency key, a webhook's
    id). Each intent then carries a key, and a doubt is resolved by repeating the intent as it was. `in_order`: a notice
    waits for the one before it in the channel; without it what was postponed holds up nobody. `deletes`: whether a post
    can be taken away; elsewhere what is withdrawn is marked only. `languages`: those that a post wants texts in.
    `cap`: how many notices a channel is told in a day, the urgent ones beside. `one_platform`: all its channels are
    reached at one address, so that calls to several without an answer say that none can be reached. `in_place`: what
    is told of a notice takes the place of what was told of it before, so that nothing ever stands there twice.
    """

    name: str
    limits: Limits
    render: Render
    is_group: Callable[[str], bool] = lambda _: False
    once_key: bool = False
    in_order: bool = True
    deletes: bool = False
    languages: Callable[[Owed], Sequence[str]] = of_the_channel
    cap: Cap = NO_CAP
    one_platform: bool = False
    in_place: bool = False
