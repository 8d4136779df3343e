# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The boards themselves: which there are, what stands on every page of them, and what is not there."""

import logging
import re

import asyncpg
import pytest
import structlog
from structlog.testing import capture_logs

from deploy.processes import free_port
from tests.api.calling import Caller, served, some_settings
from tests.board.conftest import DECLARATION, Board, Hang
from tests.board.given import in_days, titled
from tests.workers.conftest import until

PUBLIC = "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    "path",
    ["/bacheca/nessuna", "/bacheca/nessuna/archivio", "/bacheca/x/avvisi/y", "/bacheca/a/b/c", "/bacheca/_x"],
)
async def test_what_is_not_there_is_a_page_that_says_so(reader: Caller, path: str) -> None:
    answer = await reader.get(path)

    assert (answer.status, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>Pagina non trovata</h1>" in answer.text


async def test_a_notice_of_another_board_is_not_found_here(board: Board, hang: Hang) -> None:
    notice = await board.shows()

    other = await hang(language="en", title="Notices")

    answer = await other.get(f"/avvisi/{notice.id}")
    assert (answer.status, "<h1>Page not found</h1>" in answer.text) == (404, True)


async def test_the_boards_are_listed_but_not_those_for_exercises(board: Board, hang: Hang, reader: Caller) -> None:
    test = await hang(title="Prove")
    await reader.pool.execute("update channel set test = true where id = $1", test.id)

    async def is_listed_no_more() -> bool:
        return test.path not in (await reader.get("/bacheca")).text

    await until(is_listed_no_more)
    assert board.path in (await reader.get("/bacheca")).text
    assert '<meta name="robots" content="noindex, nofollow">' in await test.page()


async def test_a_closed_board_still_shows_what_it_showed_and_says_that_it_is_closed(board: Board) -> None:
    notice = await board.shows(**titled("resta"))
    await board.pool.execute("update channel set retired_at = now(), slug = slug || '~x' where id = $1", board.id)

    async def says_so() -> bool:
        return "bacheca è chiusa" in await board.notice_page(notice)

    await until(says_so)
    assert "resta" in await board.notice_page(notice)


async def test_a_board_without_its_database_says_so_in_a_page() -> None:
    nowhere = some_settings(f"postgresql://campanella@127.0.0.1:{free_port()}/none", "redis://127.0.0.1:1")
    pool = await asyncpg.create_pool(str(nowhere.database_url), min_size=0)

    async with served(nowhere, pool) as reader:
        answer = await reader.get("/bacheca/scuola")

    assert (answer.status, answer.headers["Retry-After"], answer.headers["Cache-Control"]) == (503, "30", "no-store")
    assert "<h1>La bacheca non è disponibile in questo momento</h1>" in answer.text


async def test_whoever_reads_can_join_the_public_channels_of_the_same_language(board: Board) -> None:
    link = "https://t.me/scuola_famiglie"
    insert = (
        "insert into channel (id, slug, kind, address, title, language, check_result, test)"
        " values (gen_random_uuid(), $1, 'telegram', $1, $1, $2, json_build_object('link', $3::text), $4)"
    )
    for name, language, test in (("famiglie", "it", False), ("cinese", "zh-Hans", False), ("prove", "it", True)):
        await board.pool.execute(insert, name, language, link if name == "famiglie" else f"{link}_{name}", test)

    async def is_offered() -> bool:
        return link in await board.page()

    await until(is_offered)
    page = await board.page()
    await board.pool.execute("delete from channel where kind = 'telegram'")
    assert re.findall(r'href="(https://t.me/[^"]+)"', page) == [link]
    assert page.count("<svg") == 2


async def test_every_page_has_the_declaration_and_a_way_past_the_header(board: Board, reader: Caller) -> None:
    notice = await board.shows()

    pages = [await board.page(), await board.page("/archivio"), await board.notice_page(notice)]
    pages += [(await reader.get("/bacheca")).text, (await reader.get("/bacheca/nessuna")).text]

    for page in pages:
        assert f'href="{DECLARATION}"' in page
        assert '<a class="visually-hidden-focusable" href="#contenuto">' in page
        assert '<main id="contenuto"' in page
        assert "<script" not in page.replace('<script type="application/ld+json">', "")


async def test_the_page_of_a_notice_tells_search_engines_what_it_is(board: Board) -> None:
    notice = await board.shows(**titled("Chiusa", kind="closure", valid_until=in_days(3)))

    told = board.structured(await board.notice_page(notice))

    assert told["@type"] == "SpecialAnnouncement"
    assert {"name", "text", "datePosted", "expires", "category", "schoolClosuresInfo"} <= told.keys()
    assert told["url"] == f"{PUBLIC}{board.path}/avvisi/{notice.id}"


@pytest.mark.parametrize(("path", "lines"), [("", 0), ("/niente", 1)])
async def test_whoever_reads_stays_unknown_in_the_log(board: Board, path: str, lines: int) -> None:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    with capture_logs() as logged:
        await board.get(f"{path}?zona=log")
    structlog.configure(**before)

    served = [line for line in logged if line["event"] == "request.served" and line["log_level"] != "debug"]
    assert (len(served), [line["client"] for line in served]) == (lines, [None] * lines)


async def test_the_board_takes_no_other_method(board: Board) -> None:
    answer = await board.reader.call("POST", board.path, {})

    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
