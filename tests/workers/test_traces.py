# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A caller's trace leads from the request to each attempt, hours later and in another process."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry.trace import INVALID_SPAN, Span, Tracer
from structlog.testing import capture_logs

from app.outbox.owed import OWED, owed
from app.trace import enter, onward, parsed, received
from tests.workers.conftest import City, until
from workers.span import span

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{ID}-00f067aa0ba902b7-03"
STORED = "select traceparent, tracestate from notice where id = $1"
DELIVERED = "delivery.delivered"
TRIED = "select delivery_id, token, traceparent from attempt"


async def told(lines: Sequence[Mapping[str, Any]]) -> bool:
    return any(line["event"] == DELIVERED for line in lines)


class Recording(Tracer):
    """A tracer that keeps what it was asked to start."""

    def __init__(self) -> None:
        self.started: list[tuple[str, Mapping[str, Any]]] = []

    def start_span(self, name: str, **about: Any) -> Span:  # type: ignore[override]  # only what we use
        self.started.append((name, about))
        return INVALID_SPAN

    @contextmanager
    def start_as_current_span(self, name: str, **about: Any) -> Iterator[Span]:  # type: ignore[override]  # as above
        yield self.start_span(name, **about)


async def test_the_trace_is_stored_with_the_notice_and_with_each_attempt(city: City) -> None:
    enter(received([(b"traceparent", PARENT.encode()), (b"tracestate", b"mensa=1")]))
    await city.channel()

    with capture_logs() as lines:
        notice = await city.accepts()
        await until(lambda: told(lines))

    intake = parsed(*await city.pool.fetchrow(STORED, notice.id) or ())
    (tried,) = await city.pool.fetch(TRIED)
    attempt = parsed(tried["traceparent"])
    assert intake is not None
    assert attempt is not None
    assert (intake.id, attempt.id, intake.flags, intake.state) == (ID, ID, 3, "mensa=1")
    assert attempt.span == intake.step(tried["delivery_id"], tried["token"]).span != intake.span
    (line,) = [line for line in lines if line["event"] == DELIVERED]
    assert (line["trace"], line["span"]) == (ID, attempt.span)


async def test_a_configured_tracer_gets_a_span_with_a_link_to_the_intake(city: City) -> None:
    enter(received([(b"traceparent", PARENT.encode())]))
    await city.channel()
    await city.pool.execute("update channel set paused_at = now()")
    await city.accepts()
    (number,) = [row["id"] for row in await city.pool.fetch("select id from delivery")]
    (row,) = await city.pool.fetch(OWED, [number])
    work = owed(row)
    tracer = Recording()

    with span(work, 7, tracer):
        pass

    ((name, about),) = tracer.started
    (link,) = about["links"]
    assert (name, f"{link.context.trace_id:032x}", link.context.is_remote) == ("attempt", ID, True)
    assert work.trace is not None
    assert f"{link.context.span_id:016x}" == work.trace.span
    assert about["attributes"]["campanella.delivery"] == number


def test_a_call_to_somebody_else_goes_on_with_the_stored_trace() -> None:
    headers = onward(PARENT, "a=1", "callback", 3)

    assert headers == onward(PARENT, "a=1", "callback", 3)
    assert headers["traceparent"].startswith(f"00-{ID}-")
    assert headers["traceparent"] != PARENT
    assert headers["tracestate"] == "a=1"
    assert (onward(None, None), onward("nonsense", "a=1")) == ({}, {})
