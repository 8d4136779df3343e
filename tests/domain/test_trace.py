# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The vectors of W3C Trace Context, level 2: what is continued, what begins anew, what is passed on."""

import re

import pytest

from app.trace import Trace, adopted, begun, enter, parsed, received

ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{ID}-{SPAN}-01"
FORM = r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]"
CONTINUED = {
    "sampled": (GOOD, "01"),
    "not sampled": (f"00-{ID}-{SPAN}-00", "00"),
    "random": (f"00-{ID}-{SPAN}-02", "02"),
    "sampled and random": (f"00-{ID}-{SPAN}-03", "03"),
    "flags that nobody knows yet": (f"00-{ID}-{SPAN}-ff", "03"),
    "a later version": (f"cc-{ID}-{SPAN}-01", "01"),
    "a later version that says more": (f"cc-{ID}-{SPAN}-01-what-the-future-will-be-like", "01"),
}
ANEW = {
    "a version that is none": f"ff-{ID}-{SPAN}-01",
    "no version": f"-{ID}-{SPAN}-01",
    "a trace of zeros": f"00-{'0' * 32}-{SPAN}-01",
    "a parent of zeros": f"00-{ID}-{'0' * 16}-01",
    "capitals in the trace": f"00-{ID.upper()}-{SPAN}-01",
    "capitals in the parent": f"00-{ID}-{SPAN.upper()}-01",
    "capitals in the flags": f"00-{ID}-{SPAN}-0A",
    "too short": GOOD[:54],
    "31 digits": f"00-{ID[:31]}-{SPAN}-01",
    "version 00 that says more": f"{GOOD}-more",
    "version 00 with a dash": f"{GOOD}-",
    "a later version without a dash": f"cc-{ID}-{SPAN}-01.future",
    "nothing": "",
    "blanks around": f" {GOOD}",
    "letters": f"00-{'g' * 32}-{SPAN}-01",
}


def of(*pairs: tuple[str, str]) -> Trace:
    return received((name.encode(), value.encode()) for name, value in pairs)


@pytest.mark.parametrize(("parent", "flags"), CONTINUED.values(), ids=CONTINUED)
def test_a_trace_is_continued_by_a_step_of_our_own(parent: str, flags: str) -> None:
    trace = of(("traceparent", parent))

    assert re.fullmatch(FORM, str(trace))
    assert (trace.id, str(trace)[-2:], trace.ours) == (ID, flags, False)
    assert trace.span != SPAN


@pytest.mark.parametrize("parent", ANEW.values(), ids=ANEW)
def test_what_cannot_be_read_begins_a_trace_of_ours(parent: str) -> None:
    trace = of(("traceparent", parent), ("tracestate", "a=1"))

    assert re.fullmatch(FORM, str(trace))
    assert (trace.id != ID, trace.flags, trace.state, trace.ours) == (True, 2, "", True)


def test_two_parents_are_none() -> None:
    assert of(("traceparent", GOOD), ("traceparent", GOOD)).id != ID


def test_a_state_without_a_parent_is_ignored() -> None:
    assert of(("tracestate", "congo=t61rcWkgMzE")).state == ""


STATES = {
    "one": ("congo=t61rcWkgMzE", "congo=t61rcWkgMzE"),
    "blanks and empty members": ("rojo=00f067aa0ba902b7 , ,congo=t61", "rojo=00f067aa0ba902b7,congo=t61"),
    "a tenant": ("fw529a3039@dt=FfffffffI", "fw529a3039@dt=FfffffffI"),
    "32 members": (",".join(f"k{n}=v" for n in range(32)), ",".join(f"k{n}=v" for n in range(32))),
    "33 members": (",".join(f"k{n}=v" for n in range(33)), ""),
    "no value": ("congo", ""),
    "an equals sign in a value": ("a=b=c", ""),
    "a capital in a name": ("Congo=1", ""),
    "the same name twice": ("a=1,a=2", ""),
    "a control character": ("a=\x07", ""),
    "endless": ("a=" + "b" * 300, ""),
}


@pytest.mark.parametrize(("state", "kept"), STATES.values(), ids=STATES)
def test_a_state_is_passed_on_whole_or_not_at_all_and_the_parent_counts_all_the_same(state: str, kept: str) -> None:
    trace = of(("traceparent", GOOD), ("tracestate", state))

    assert (trace.id, trace.state) == (ID, kept)
    assert trace.headers == {"traceparent": str(trace), **({"tracestate": kept} if kept else {})}


def test_a_state_in_two_lines_is_joined_in_order() -> None:
    trace = of(("tracestate", "b=2"), ("traceparent", GOOD), ("tracestate", "a=1"))

    assert trace.state == "b=2,a=1"


def test_a_named_step_is_always_the_same_and_an_unnamed_one_never() -> None:
    trace = begun()

    assert trace.step(4711, 1) == trace.step(4711, 1) != trace.step(4711, 2)
    assert trace.step().span != trace.step().span
    assert parsed(str(trace.step(4711, 1))) is not None


def test_an_event_names_its_trace_only_where_the_request_names_none() -> None:
    enter(of(("traceparent", GOOD)))
    beside = adopted(f"00-{'a' * 32}-{SPAN}-01")
    enter(of())
    alone = adopted(f"00-{'a' * 32}-{SPAN}-01", "x=1")

    assert beside is None
    assert alone is not None
    assert (alone.id, alone.state) == ("a" * 32, "x=1")
    assert [adopted(parent) for parent in (None, 5, "nonsense")] == [None, None, None]
