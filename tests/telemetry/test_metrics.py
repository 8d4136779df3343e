# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
import subprocess
import sys
from typing import get_args

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from app.domain.delivery import State
from app.domain.outcome import Outcome, named
from app.exposition import exposition
from app.figures import Figures
from app.metrics import OUTCOMES
from app.version import VERSION
from tests.repository.files import ROOT, read, tracked

PUSHES = '{"wechat": {"today": 0, "month": 3}, "articoli": {"today": null, "month": null}}'
FIGURES = Figures(1.5, 0.0, 20.0, 4, 1, 2, 3, 10, 1, 2, 5, 90.5, PUSHES, '{"telegram": 2.5}')
AT_FIRST = """
from app.exposition import exposition
from app.metrics import prepare_kinds
prepare_kinds(["telegram", "webhook"])
print(exposition(None)[0].decode())
"""


def samples(page: bytes, name: str) -> dict[str, float]:
    """Give the samples of one metric by the values of their labels."""
    families = plain_text(page.decode())
    rows = [row for family in families for row in family.samples if row.name == name]
    return {" ".join(row.labels.values()): row.value for row in rows}


@pytest.fixture(scope="module")
def fresh_page() -> bytes:
    """Give the page of a process that has done nothing yet."""
    return subprocess.run([sys.executable, "-c", AT_FIRST], cwd=ROOT, capture_output=True, check=True).stdout


def test_every_series_stands_at_zero_from_the_start(fresh_page: bytes) -> None:
    attempts = samples(fresh_page, "campanella_attempts_total")

    assert attempts == {f"{kind} {outcome}": 0 for kind in ("telegram", "webhook") for outcome in OUTCOMES}
    assert samples(fresh_page, "campanella_attempt_seconds_count") == {"telegram": 0, "webhook": 0}
    assert samples(fresh_page, "campanella_throttled_total") == {"telegram": 0, "webhook": 0}
    assert samples(fresh_page, "campanella_unclassified_answers_total") == {"telegram": 0, "webhook": 0}
    assert samples(fresh_page, "campanella_notices_total") == dict.fromkeys(
        ("accepted", "replayed", "conflicting", "refused"), 0
    )
    assert samples(fresh_page, "campanella_doorbells_total") == {"rung": 0, "lost": 0}
    assert samples(fresh_page, "campanella_deliveries_settled_total") == dict.fromkeys(
        set(State) - {State.DUE, State.IN_DOUBT}, 0
    )


def test_outcomes_have_the_names_that_attempts_are_recorded_with() -> None:
    assert sorted(named(kind.__new__(kind)) for kind in get_args(Outcome)) == sorted(OUTCOMES)


def test_the_figures_stand_beside_what_was_counted() -> None:
    page, media_type = exposition(FIGURES)

    assert media_type.startswith("text/plain; version=")
    assert samples(page, "campanella_outbox_age_seconds") == {"urgent": 1.5, "normal": 0, "bulk": 20}
    assert samples(page, "campanella_deliveries") == {"due": 4, "in_doubt": 1, "held": 2, "dead": 3}
    assert samples(page, "campanella_channels") == {"active": 10, "paused": 1}
    assert samples(page, "campanella_workers") == {"": 2}
    assert samples(page, "campanella_texts_waiting") == {"": 5}
    assert samples(page, "campanella_text_age_seconds") == {"": 90.5}
    assert samples(page, "campanella_pushes_left") == {"wechat today": 0, "wechat month": 3}
    assert samples(page, "campanella_slowdown") == {"telegram": 2.5}
    assert samples(page, "campanella_database_up") == {"": 1}
    assert samples(page, "campanella_build_info") == {VERSION: 1}
    assert samples(page, "process_start_time_seconds") != {}


def test_without_postgres_nothing_is_said_of_what_is_not_known() -> None:
    page, _ = exposition(None)

    assert samples(page, "campanella_database_up") == {"": 0}
    assert samples(page, "campanella_workers") == {}


def test_openmetrics_is_spoken_with_those_who_ask_for_it() -> None:
    page, media_type = exposition(FIGURES, "application/openmetrics-text; version=1.0.0, text/plain")

    names = {family.name for family in openmetrics(page.decode())}  # type: ignore[no-untyped-call]  # the library does not annotate it
    assert media_type.startswith("application/openmetrics-text")
    assert {"campanella_attempts", "campanella_workers"} <= names


def test_no_series_tells_when_it_began() -> None:
    assert b"_created" not in exposition(FIGURES)[0]


@pytest.mark.parametrize(
    "name", ["ATTEMPTS", "ATTEMPT_SECONDS", "SETTLED", "NOTICES", "DOORBELLS", "THROTTLED", "UNCLASSIFIED"]
)
def test_every_counter_is_counted_somewhere(name: str) -> None:
    sources = [read(str(path)) for path in tracked("app/**.py", "app/*.py", "workers/**.py")]

    assert any(f"{each}.labels(" in source for source in sources for each in _names(source, name))


def _names(source: str, name: str) -> set[str]:
    """Give what a file calls a counter that it imports from elsewhere."""
    if "for kind in kinds" in source or name not in source:
        return set()
    renamed = source.partition(f"import {name} as ")[2].split()
    return {renamed[0]} if renamed else {name}


def test_the_version_is_that_of_the_project() -> None:
    assert f'version = "{VERSION}"' in read("pyproject.toml")
