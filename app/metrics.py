# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is counted. Every series stands at 0 from the start, so that a first failure is a rise and not a beginning."""

from collections.abc import Iterable
from typing import get_args

from prometheus_client import Counter, Histogram, disable_created_metrics

from app.domain.delivery import State
from app.domain.outcome import Outcome

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library does not annotate it
OUTCOMES = [outcome.__name__.lower() for outcome in get_args(Outcome)]
SETTLED_STATES = [State.DELIVERED, State.EXPIRED, State.WITHDRAWN, State.HELD, State.DEAD]

ATTEMPTS = Counter("campanella_attempts_total", "Tries, by what they came to", ["kind", "outcome"])
ATTEMPT_SECONDS = Histogram(
    "campanella_attempt_seconds",
    "How long one call to a platform took",
    ["kind"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
SETTLED = Counter(
    "campanella_deliveries_settled_total", "Deliveries that came to rest, by the state they rest in", ["state"]
)
NOTICES = Counter("campanella_notices_total", "Notices handed in, by what became of them", ["outcome"])
REQUESTS = Counter("campanella_http_requests_total", "Requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "campanella_http_request_seconds",
    "How long requests took, to the last byte of the answer",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
DEPRECATED = Counter(
    "campanella_deprecated_requests_total", "Requests for what will end, by who still asks", ["operation", "source"]
)
DOORBELLS = Counter("campanella_doorbells_total", "Rings for the workers, by what became of them", ["outcome"])
THROTTLED = Counter("campanella_throttled_total", "Answers that told us to slow down", ["kind"])
UNCLASSIFIED = Counter(
    "campanella_unclassified_answers_total", "Answers of a platform that no rule of ours knows", ["kind"]
)

for _state in SETTLED_STATES:
    SETTLED.labels(_state.value)
for _outcome in ("accepted", "replayed", "conflicting", "refused"):
    NOTICES.labels(_outcome)
for _outcome in ("rung", "lost"):
    DOORBELLS.labels(_outcome)


def prepare_kinds(kinds: Iterable[str]) -> None:
    """Make the series of every kind of channel that this process sends to."""
    for kind in kinds:
        ATTEMPT_SECONDS.labels(kind)
        THROTTLED.labels(kind)
        UNCLASSIFIED.labels(kind)
        for outcome in OUTCOMES:
            ATTEMPTS.labels(kind, outcome)
