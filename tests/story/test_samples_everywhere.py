# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""All sample notices in every kind of channel; one is corrected, one is withdrawn, the others stay as they are."""

import json

import pytest

from deploy.sandbox_wechat.account import Publication
from tests.story.test_every_channel import ALERT, CHANNELS, CHINESE, ITALIAN, SAMPLES, Everywhere, everywhere
from tests.story.test_preview import previewed

__all__ = ["everywhere"]
NOTICES = [each["notice"] for each in SAMPLES]
BETTER = "Sciopero del 27 novembre: in mensa un piatto caldo"


@pytest.fixture
def publishing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the WeChat account one that publishes without a push, so that no quota keeps a sample back."""
    monkeypatch.setenv("CAMPANELLA_WECHAT_ACCOUNT", "publish")


async def all_handed_in(everywhere: Everywhere) -> dict[str, str]:
    """Hand every sample in and wait until each is in all five channels; the notices' ids by their events."""
    for service in sorted({notice["service"] for notice in NOTICES}):
        await everywhere.town.makes(f"/services/{service}", {"name": service.title()}, "PUT")
    numbers = {notice["event_id"]: await everywhere.hands_in(notice) for notice in NOTICES}
    for number in numbers.values():
        await everywhere.come_to(number, "delivered")
    return numbers


def assert_in_place(everywhere: Everywhere) -> None:
    """Every sample stands once in both Telegram channels, in WeChat and with the receiver, in its languages."""
    city = everywhere.town.city
    events = [event["data"] for event in everywhere.receiver.taken.values()]
    assert sorted(event["event_id"] for event in events) == sorted(notice["event_id"] for notice in NOTICES)
    assert all(call.verified for call in everywhere.receiver.calls)
    articles = [[row.title for row in made.articles] for made in published(everywhere)]
    for notice in NOTICES:
        italian, chinese = notice["texts"]["it"], notice["texts"].get("zh-Hans")
        assert sum(italian["title"] in text for text in city.texts(ITALIAN)) == 1
        assert sum((chinese or italian)["title"] in text for text in city.texts(CHINESE)) == 1
        titles = [text.get("short_title", text["title"]) for text in (chinese, italian) if text]
        assert articles.count(titles) == 1
    assert [len(city.posts(chat)) for chat in (ITALIAN, CHINESE)] == [len(NOTICES)] * 2
    assert len(articles) == len(NOTICES)


def published(everywhere: Everywhere) -> list[Publication]:
    return list(everywhere.wechat.account.publications.values())


@pytest.mark.usefixtures("publishing")
async def test_every_sample_reaches_all_five_and_so_does_what_becomes_of_it(everywhere: Everywhere) -> None:
    city = everywhere.town.city
    numbers = await all_handed_in(everywhere)
    assert_in_place(everywhere)
    corrected, withdrawn = numbers["mensa/2026-11-24/1"], numbers["trasporto/2026-12-02/5"]

    await everywhere.changes(corrected, {"texts": {"it": {"title": BETTER}}})
    await everywhere.withdraws(withdrawn)
    after = await everywhere.come_to(corrected, "delivered")
    gone = await everywhere.come_to(withdrawn, "withdrawn")

    assert set(after) == set(gone) == set(CHANNELS)
    assert sum(BETTER in text and "Corretto il" in text for text in city.texts(ITALIAN)) == 1
    assert ["AVVISO RITIRATO" in text for text in city.texts(ITALIAN)].count(True) == 1
    assert [len(city.posts(chat)) for chat in (ITALIAN, CHINESE)] == [len(NOTICES)] * 2
    assert everywhere.receiver.types().count("notice.corrected") == 1
    assert everywhere.receiver.types().count("notice.withdrawn") == 1
    await everywhere.reads(corrected, BETTER)
    await everywhere.reads(withdrawn, "AVVISO RITIRATO")
    assert "WeChat lets nobody change a sent article" in after["wechat"]["last_error"]
    assert len(published(everywhere)) == len(NOTICES)


async def test_a_preview_shows_what_the_receiver_and_the_followers_would_get(everywhere: Everywhere) -> None:
    seen = await previewed(everywhere.town, everywhere.key, ALERT)
    number = await everywhere.hands_in(ALERT)
    await everywhere.come_to(number, "delivered")

    shown = {channel["slug"]: channel["parts"] for channel in seen["channels"]}
    (event,) = shown["registro"]
    (told,) = everywhere.receiver.taken.values()
    expected, found = json.loads(event["text"]), told
    for changing in ("id", "reference", "changed_at"):
        expected["data"].pop(changing)
        found["data"].pop(changing)
    assert (expected["type"], expected["data"]) == (found["type"], found["data"])
    assert event["unit"] == "bytes"
    titles = [part["text"].partition("\n")[0] for part in shown["wechat"]]
    assert titles == [article.title for article in everywhere.wechat.pushed[0].articles]
    for part, language in zip(shown["wechat"], ("zh-Hans", "it"), strict=True):
        assert all(step in part["text"] for step in ALERT["texts"][language]["what_to_do"])
        assert 0 < part["length"] <= part["limit"]
        assert "<" not in part["text"]
