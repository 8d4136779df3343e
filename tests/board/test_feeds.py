# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The feeds, as programs of others read them."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from xml.etree import ElementTree as ET

from icalendar import Calendar

from tests.api.calling import fresh
from tests.board.conftest import Board, Hang

ATOM = {"a": "http://www.w3.org/2005/Atom"}
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def titled(title: str, **members: Any) -> dict[str, Any]:
    return {"texts": {"it": {"title": title}}, **members}


async def atom(board: Board, path: str = "") -> ET.Element:
    answer = await board.get(f"{path}/feed.atom?scuola={fresh('nessuna')}")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(answer.text)  # noqa: S314 - our own feed


async def json_feed(board: Board) -> dict[str, Any]:
    answer = await board.get(f"/feed.json?scuola={fresh('nessuna')}")
    assert answer.headers["Content-Type"] == "application/feed+json"
    told: dict[str, Any] = json.loads(answer.text)
    return told


async def events(board: Board) -> list[Any]:
    answer = await board.get(f"/calendario.ics?scuola={fresh('nessuna')}")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    read = Calendar.from_ical(answer.text)
    assert [len(line.encode()) <= 75 for line in answer.text.split("\r\n")].count(False) == 0
    assert {"PRODID", "VERSION", "UID", "NAME", "REFRESH-INTERVAL"} <= read.keys()
    return list(read.walk("VEVENT"))


def text(node: ET.Element, path: str) -> str:
    found = node.find(path, ATOM)
    assert found is not None
    assert found.text
    return found.text


async def test_an_atom_feed_has_all_that_the_standard_requires(board: Board) -> None:
    body = {"title": "Pasto freddo", "summary": "In breve.", "body": "Una **prova**."}
    notice = await board.shows(texts={"it": body})

    feed = await atom(board)

    (entry,) = feed.findall("a:entry", ATOM)
    for node in (feed, entry):
        assert UUID(text(node, "a:id").removeprefix("urn:uuid:"))
        assert RFC3339.fullmatch(text(node, "a:updated"))
        assert text(node, "a:title")
        assert text(node, "a:author/a:name").startswith("Comune di Esempio")
    links = {link.get("rel"): str(link.get("href")) for link in feed.findall("a:link", ATOM)}
    assert urlsplit(links["self"]).path == f"{board.path}/feed.atom"
    assert urlsplit(links["alternate"]).path == board.path
    assert entry.find("a:link", ATOM).get("href").endswith(f"{board.path}/avvisi/{notice.id}")  # type: ignore[union-attr]
    content = entry.find("a:content", ATOM)
    assert content is not None
    assert content.get("type") == "html"
    assert "<p>Una <strong>prova</strong>.</p>" in str(content.text)
    assert (text(entry, "a:summary"), entry.get(LANGUAGE)) == ("In breve.", "it")


async def test_an_empty_feed_is_a_feed(board: Board) -> None:
    feed = await atom(board)

    assert feed.findall("a:entry", ATOM) == []
    assert RFC3339.fullmatch(text(feed, "a:updated"))
    assert (await json_feed(board))["items"] == []
    assert await events(board) == []


async def test_an_entry_keeps_its_name_and_moves_its_date_when_the_notice_is_corrected(board: Board) -> None:
    notice = await board.shows(**titled("Fermata al 110"))
    before = (await atom(board)).findall("a:entry", ATOM)[0]

    await board.corrects(notice, **titled("Fermata al 112"))

    after = (await atom(board)).findall("a:entry", ATOM)[0]
    assert text(after, "a:id") == text(before, "a:id")
    assert text(after, "a:published") == text(before, "a:published")
    assert text(after, "a:updated") >= text(before, "a:updated")
    assert text(after, "a:title") == "CORRETTO: Fermata al 112"


async def test_a_withdrawn_notice_says_so_in_every_feed_and_its_text_is_gone(board: Board) -> None:
    body = {"title": "Scuole chiuse", "body": "Restate a casa."}
    notice = await board.shows(
        texts={"it": body}, valid_from="2027-03-05T08:00:00+01:00", valid_until="2027-03-05T14:00:00+01:00"
    )
    (before,) = await events(board)

    await board.withdraws(notice)

    entry, (item,) = (await atom(board)).findall("a:entry", ATOM)[0], (await json_feed(board))["items"]
    (event,) = await events(board)
    assert text(entry, "a:title") == item["title"] == "RITIRATO: Scuole chiuse"
    assert "AVVISO RITIRATO" in text(entry, "a:content")
    assert "Restate a casa." not in json.dumps([item, text(entry, "a:content"), str(event["DESCRIPTION"])])
    assert item["_campanella"]["state"] == "withdrawn"
    assert (before["STATUS"], event["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert event["UID"] == before["UID"]
    assert event["SEQUENCE"] > before["SEQUENCE"]


async def test_a_withdrawn_notice_stays_in_the_feeds_for_two_weeks(board: Board) -> None:
    notice = await board.shows()
    await board.withdraws(notice)
    move = "update posting set ends_at = now() - $2::interval, changed_at = now() - $2::interval where notice_id = $1"

    await board.pool.execute(move, notice.id, timedelta(days=13))
    kept = await json_feed(board)
    await board.pool.execute(move, notice.id, timedelta(days=15))
    gone = await json_feed(board)

    assert (len(kept["items"]), len(gone["items"])) == (1, 0)


async def test_a_replaced_notice_says_so_and_leaves_calendars(board: Board) -> None:
    day = {"valid_from": "2027-03-05T08:00:00+01:00", "valid_until": "2027-03-05T14:00:00+01:00"}
    await board.shows(**titled("vecchio", event_id="linea/7", **day))
    await board.shows(**titled("nuovo", supersedes="linea/7", **day))

    items, found = (await json_feed(board))["items"], await events(board)

    assert [item["title"] for item in items] == ["nuovo", "SOSTITUITO: vecchio"]
    assert {str(event["SUMMARY"]): str(event["STATUS"]) for event in found} == {
        "nuovo": "CONFIRMED",
        "SOSTITUITO: vecchio": "CANCELLED",
    }


async def test_a_json_feed_keeps_the_rules_of_its_version(board: Board) -> None:
    notice = await board.shows(texts={"it": {"title": "Pasto freddo", "summary": "In breve."}})

    feed = await json_feed(board)

    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(feed["title"], str)
    assert urlsplit(feed["feed_url"]).path == f"{board.path}/feed.json"
    (item,) = feed["items"]
    assert isinstance(item["id"], str)
    assert {"content_html", "content_text"} <= item.keys()
    assert item["url"].endswith(f"{board.path}/avvisi/{notice.id}")
    assert {type(tag) for tag in item["tags"]} == {str}
    assert all(author.keys() == {"name"} for author in (*feed["authors"], *item["authors"]))
    for name in ("date_published", "date_modified"):
        assert datetime.fromisoformat(item[name]).tzinfo is not None
    known = {"id", "url", "title", "content_html", "content_text", "summary", "date_published", "date_modified"}
    assert {name for name in item if not name.startswith("_")} <= known | {"authors", "tags", "language"}


async def test_a_validity_is_an_event_in_the_calendar(board: Board) -> None:
    await board.shows(
        **titled("Pasto freddo", valid_from="2027-03-05T11:30:00+01:00", valid_until="2027-03-05T14:30:00+01:00")
    )

    (event,) = await events(board)

    assert event["DTSTART"].dt == datetime(2027, 3, 5, 10, 30, tzinfo=UTC)
    assert event["DTEND"].dt == datetime(2027, 3, 5, 13, 30, tzinfo=UTC)
    assert {"UID", "DTSTAMP", "SUMMARY", "DESCRIPTION", "URL", "SEQUENCE", "STATUS"} <= event.keys()


async def test_whole_days_are_days_in_the_calendar(board: Board) -> None:
    await board.shows(
        **titled("Chiusa", valid_from="2027-03-05T00:00:00+01:00", valid_until="2027-03-07T00:00:00+01:00")
    )

    (event,) = await events(board)

    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2027, 3, 5), date(2027, 3, 7))


async def test_a_term_is_a_beginning_and_an_end_in_the_calendar(board: Board) -> None:
    times = {"valid_from": "2027-03-05T09:00:00+01:00", "valid_until": "2027-03-29T13:00:00+02:00"}
    await board.shows(**titled("Iscrizioni", kind="deadline", **times))

    found = {str(event["SUMMARY"]): event["DTSTART"].dt for event in await events(board)}

    assert found == {
        "Inizio: Iscrizioni": datetime(2027, 3, 5, 8, tzinfo=UTC),
        "Scadenza: Iscrizioni": datetime(2027, 3, 29, 11, tzinfo=UTC),
    }


async def test_each_correction_raises_the_sequence(board: Board) -> None:
    notice = await board.shows(**titled("uno", valid_until="2027-03-05T11:30:00+01:00"))
    sequences = [int((await events(board))[0]["SEQUENCE"])]

    for title in ("due", "tre"):
        await board.corrects(notice, **titled(title))
        sequences.append(int((await events(board))[0]["SEQUENCE"]))

    assert sequences == sorted(set(sequences))


async def test_a_feed_can_be_had_of_one_service_and_for_one_audience(board: Board) -> None:
    await board.shows(**titled("nido", service="nidi", audience={"grades": ["nido"]}))
    await board.shows(**titled("mensa", audience={"grades": ["primaria"]}))

    of_service = await atom(board, "/servizi/nidi")
    for_grade = json.loads((await board.get("/feed.json?grado=primaria")).text)

    assert [text(entry, "a:title") for entry in of_service.findall("a:entry", ATOM)] == ["nido"]
    assert [item["title"] for item in for_grade["items"]] == ["mensa"]
    assert for_grade["feed_url"].endswith("/feed.json?grado=primaria")


async def test_a_page_names_the_feeds_of_what_it_shows(board: Board) -> None:
    page = (await board.get("/servizi/mensa?grado=primaria")).text

    named = re.findall(r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)">', page)

    assert dict(named) == {
        "application/atom+xml": f"{board.path}/servizi/mensa/feed.atom?grado=primaria",
        "application/feed+json": f"{board.path}/servizi/mensa/feed.json?grado=primaria",
        "text/calendar": f"{board.path}/servizi/mensa/calendario.ics?grado=primaria",
    }
    for _, href in named:
        assert (await board.reader.get(href)).status == 200


async def test_two_boards_tell_one_notice_under_two_names(board: Board, hang: Hang) -> None:
    other = await hang(language="zh-Hans")
    await board.shows(texts={"it": {"title": "Pasto freddo"}, "zh-Hans": {"title": "冷餐"}})
    await other.settles(await board.pool.fetchval("select notice_id from delivery order by id desc limit 1"))

    feeds = [await json_feed(each) for each in (board, other)]

    assert [feed["items"][0]["title"] for feed in feeds] == ["Pasto freddo", "冷餐"]
    assert feeds[0]["items"][0]["id"] != feeds[1]["items"][0]["id"]
