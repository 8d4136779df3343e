# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who has a page already is told so, and never wrongly."""

from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest

from tests.api.calling import Caller
from tests.board.conftest import Board
from tests.workers.conftest import until

FILES = ("", "/archivio", "/feed.atom", "/feed.json", "/calendario.ics")
KEPT = "public, max-age=30, must-revalidate"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("path", FILES)
async def test_every_answer_says_how_it_may_be_kept(board: Board, path: str) -> None:
    await board.pool.execute("update channel set created_at = now() - interval '1 day' where id = $1", board.id)
    answer = await board.get(path)

    assert answer.headers["Cache-Control"] == KEPT
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["ETag"].startswith('"')
    assert parsedate_to_datetime(answer.headers["Last-Modified"]) <= parsedate_to_datetime(answer.headers["Date"])
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", FILES)
async def test_each_validator_alone_gives_304(board: Board, path: str) -> None:
    await board.pool.execute("update channel set created_at = now() - interval '1 day' where id = $1", board.id)
    first = await board.get(path)
    later = format_datetime(parsedate_to_datetime(first.headers["Date"]) + timedelta(hours=1), usegmt=True)

    by_tag = await board.get(path, If_None_Match=first.headers["ETag"])
    among = await board.get(path, If_None_Match=f'"other", W/{first.headers["ETag"]}')
    by_date = await board.get(path, If_Modified_Since=later)

    assert [answer.status for answer in (by_tag, among, by_date)] == [304, 304, 304]
    for answer in (by_tag, among, by_date):
        assert answer.text == ""
        assert answer.headers["ETag"] == first.headers["ETag"]
        assert answer.headers["Cache-Control"] == KEPT


@pytest.mark.parametrize("path", FILES)
async def test_the_tag_counts_where_both_are_given(board: Board, path: str) -> None:
    first = await board.get(path)

    answer = await board.get(path, If_None_Match='"other"', If_Modified_Since=first.headers["Date"])

    assert answer.status == 200


@pytest.mark.parametrize("date", ["yesterday", "", "Thu, 32 Nov 2026 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"])
async def test_a_date_that_is_none_or_too_old_gives_the_page(board: Board, date: str) -> None:
    assert (await board.get(If_Modified_Since=date)).status == 200


async def test_a_change_within_the_second_is_seen_by_both_validators(board: Board) -> None:
    path = "/feed.json?zona=uno"
    first = await board.get(path)
    await board.shows(texts={"it": {"title": "Appena scritto"}})
    seen = {"If_None_Match": first.headers["ETag"]}, {"If_Modified_Since": first.headers["Last-Modified"]}

    for validator in seen:

        async def is_told(validator: dict[str, str] = validator) -> bool:
            return "Appena scritto" in (await board.get(path, **validator)).text

        await until(is_told)


async def test_a_notice_that_ends_changes_the_page_for_both_validators(board: Board) -> None:
    notice = await board.shows(texts={"it": {"title": "Finisce"}})
    await board.pool.execute(
        "update posting set posted_at = now() - interval '1 hour', changed_at = now() - interval '1 hour',"
        " ends_at = now() - interval '1 minute' where notice_id = $1",
        notice.id,
    )
    ended = await board.pool.fetchval("select ends_at from posting where notice_id = $1", notice.id)

    answer = await board.get("?zona=due", If_Modified_Since=format_datetime(ended - timedelta(seconds=1), usegmt=True))

    assert (answer.status, "Finisce" in answer.text) == (200, False)


@pytest.mark.parametrize("path", FILES)
async def test_head_says_the_same_without_a_body(board: Board, path: str) -> None:
    path = f"{path}?zona=tre"
    whole = await board.get(path)

    head = await board.reader.call("HEAD", f"{board.path}{path}")

    assert (head.status, head.text) == (200, "")
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]


async def test_the_style_sheet_may_be_kept_for_ever_under_its_own_name(board: Board) -> None:
    href = (await board.get()).text.split('<link rel="stylesheet" href="')[1].split('"')[0]

    answer = await board.reader.get(href)

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_what_is_not_there_is_not_kept(reader: Caller) -> None:
    assert (await reader.get("/bacheca/nessuna")).headers["Cache-Control"] == "no-store"
