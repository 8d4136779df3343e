# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The runbook knows every metric that is shown, and names no event that is never logged."""

import re

from app.exposition import exposition
from app.figures import Figures
from app.telemetry import EVENTS, prepare_kinds
from tests.repository.files import read

RUNBOOK = read("deploy/runbook.md")
QUIET = Figures(0.0, 0.0, 0.0, 0, 0, 0, 0, 0, 0, 0)


def test_every_metric_is_explained_and_no_other() -> None:
    prepare_kinds(["telegram"])
    page = exposition(QUIET)[0].decode()

    shown = set(re.findall(r"^# TYPE (campanella_\w+) ", page, re.MULTILINE))
    explained = set(re.findall(r"^\| `(campanella_\w+)", RUNBOOK, re.MULTILINE))

    assert explained == shown


def test_every_event_that_calls_for_a_person_is_in_the_catalogue() -> None:
    table = RUNBOOK.split("## What is logged")[1]

    named = set(re.findall(r"`([a-z]+\.[a-z]+)`", table))

    assert named - EVENTS.keys() == set()
    assert {"channel.paused", "delivery.held", "delivery.dead", "account.misconfigured"} <= named
