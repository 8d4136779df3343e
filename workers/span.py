# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An attempt as a span of OpenTelemetry, linked to the intake of its notice: another process, perhaps hours later.

Without a configured tracer this does nothing. What the caller sampled decides nothing here.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags, Tracer, TraceState

from app.outbox import Owed

TRACER: Tracer = trace.get_tracer("campanella")


@contextmanager
def span(owed: Owed, token: int, tracer: Tracer = TRACER) -> Iterator[None]:
    """Let what happens inside belong to one span of its own."""
    about: dict[str, str | int] = {
        "campanella.delivery": owed.id,
        "campanella.token": token,
        "campanella.notice": str(owed.notice_id),
        "campanella.kind": owed.kind,
    }
    with tracer.start_as_current_span("attempt", links=_links(owed), attributes=about, kind=SpanKind.PRODUCER):
        yield


def _links(owed: Owed) -> list[Link]:
    if owed.trace is None:
        return []
    flags, state = TraceFlags(owed.trace.flags), TraceState.from_header([owed.trace.state])
    return [
        Link(
            SpanContext(
                int(owed.trace.id, 16), int(owed.trace.span, 16), is_remote=True, trace_flags=flags, trace_state=state
            )
        )
    ]
