# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The sample notices are notices, and belong together."""

import json
from typing import Any
from uuid import uuid4

import pytest

from app.domain.channel import Channel, Following, reaches
from app.domain.notice import Notice
from deploy.state import CHECKOUT
from deploy.town import Sample, Town

SAMPLES = json.loads((CHECKOUT / "deploy/samples/notices.json").read_text(encoding="utf-8"))["notices"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["notice"]["event_id"])
def test_a_sample_is_a_notice(sample: dict[str, object]) -> None:
    notice = Notice.model_validate_json(json.dumps(sample["notice"]))

    assert notice.event_id.partition("/")[0] == sample["source"]


def test_every_lane_every_language_and_a_correction_are_among_the_samples() -> None:
    notices = [sample["notice"] for sample in SAMPLES]

    assert len({notice["event_id"] for notice in notices}) == len(notices) == 15
    assert {notice["priority"] for notice in notices} == {"urgent", "normal", "bulk"}
    assert {language for notice in notices for language in notice["texts"]} == {"it", "zh-Hans"}
    assert {notice["supersedes"] for notice in notices} == {
        None,
        "trasporto/2026-11-25/4",
        "protezione-civile/2026-12-10/13",
    }


def test_a_notice_that_supersedes_another_is_handed_in_after_it() -> None:
    order = [sample["notice"]["event_id"] for sample in SAMPLES]
    pairs = [(sample["notice"]["supersedes"], sample["notice"]["event_id"]) for sample in SAMPLES]

    assert all(order.index(earlier) < order.index(later) for earlier, later in pairs if earlier)


@pytest.mark.parametrize("sample", Town.read("").samples, ids=lambda sample: sample.event_id)
def test_every_sample_is_allowed_to_its_source_and_reaches_a_channel(sample: Sample) -> None:
    town = Town.read("")
    notice = Notice.model_validate_json(json.dumps(sample.notice))

    assert notice.service in town.services
    assert notice.service in town.sources[sample.source]["services"]
    assert [each for each in town.channels if reaches(notice, as_routing_sees_it(each["channel"]))]


def test_the_same_notices_in_another_run_are_other_events_that_belong_together() -> None:
    earlier, later = Town.read("~a").samples, Town.read("~b").samples
    events = {sample.event_id for sample in later}

    assert events.isdisjoint(sample.event_id for sample in earlier)
    assert {sample.notice["supersedes"] for sample in later} - {None} <= events


def as_routing_sees_it(channel: dict[str, Any]) -> Channel:
    following = Following(**{name: frozenset(values) for name, values in channel.get("audience", {}).items()})
    return Channel(uuid4(), channel["language"], channel.get("fallback", True), following)


def test_what_becomes_of_two_samples_reaches_every_kind_of_channel() -> None:
    town = Town.read("")
    corrected = Notice.model_validate_json(json.dumps(merged(town.corrected.notice, town.change)))
    withdrawn = Notice.model_validate_json(json.dumps(town.withdrawn.notice))
    places = [*(each["channel"] for each in town.channels), *town.boards, *town.accounts, *town.hooks]

    assert corrected.texts.keys() == {"it", "zh-Hans"}
    for notice in (corrected, withdrawn):
        reached = {each["slug"] for each in places if reaches(notice, as_routing_sees_it(each))}
        assert {"scuola", "scuola-zh", "bacheca", "bacheca-zh", "registro", "wechat-zh"} <= reached


def merged(whole: Any, change: Any) -> Any:
    """Merge as RFC 7396 says."""
    if not isinstance(change, dict):
        return change
    return {**whole, **{name: merged(whole.get(name, {}), each) for name, each in change.items()}}
