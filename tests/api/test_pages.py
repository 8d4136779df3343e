# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Cursors: good for a day, for one list, and for nobody who makes them up."""

import base64
import json
import time

import pytest

from app.api.pages import SIGNATURE, VALID, Pages, Paging
from app.api.problems import InvalidCursorError
from tests.api.calling import some_settings


def pages(cursor: str | None = None, path: str = "/v1/x", url: str = "postgresql://u:geheim@h/d") -> Pages:
    return Pages(some_settings(url, "redis://h"), path, Paging(limit=2, cursor=cursor))


def cursor_to(place: str) -> str:
    _, following = pages().cut([place, "b", "c"], lambda row: (row,))
    return str(following).partition("cursor=")[2]


def test_a_cursor_leads_to_the_place_after_the_last_row_of_the_page() -> None:
    shown, following = pages().cut(["a", "b", "c"], lambda row: (row, 7))

    assert (shown, str(following).partition("?")[0]) == (["a", "b"], "http://127.0.0.1:8080/v1/x")
    assert pages(str(following).partition("cursor=")[2]).after() == ["b", "7"]


def test_a_cursor_is_good_for_a_day() -> None:
    body = json.dumps([int(time.time()) - 1, "b"]).encode()
    late = base64.urlsafe_b64encode(body + pages()._signed(body)).rstrip(b"=").decode()

    with pytest.raises(InvalidCursorError):
        pages(late).after()
    assert VALID == 86_400


@pytest.mark.parametrize("position", range(0, 60, 7))
def test_a_cursor_that_was_touched_anywhere_is_none(position: int) -> None:
    raw = base64.urlsafe_b64decode(cursor_to("a") + "==")
    touched = bytearray(raw)
    touched[position % len(raw)] ^= 1
    cursor = base64.urlsafe_b64encode(bytes(touched)).rstrip(b"=").decode()

    with pytest.raises(InvalidCursorError):
        pages(cursor).after()


def test_a_cursor_of_another_installation_or_list_is_none() -> None:
    cursor = cursor_to("a")

    for other in (pages(cursor, path="/v1/y"), pages(cursor, url="postgresql://u:anders@h/d")):
        with pytest.raises(InvalidCursorError):
            other.after()
    assert len(pages()._signed(b"")) == SIGNATURE
