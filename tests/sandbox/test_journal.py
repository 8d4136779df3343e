# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The journal: what came, when, over which connection, and what became of it."""

import json
from pathlib import Path

from deploy.sandbox import Limits, Sandbox
from tests.sandbox.town import CHANNEL, OTHER, PERSON, Caller, populate


async def test_every_call_is_written_with_what_it_did(sandbox: Sandbox, call: Caller) -> None:
    first = await call.post(CHANNEL, "Ciao")
    await call("editMessageText", chat_id="@scuola", message_id=first, text="Corretto")
    await call("forwardMessage", chat_id=PERSON, from_chat_id=CHANNEL, message_id=first)
    await call("deleteMessage", chat_id=CHANNEL, message_id=first)
    await call("getMe")

    entries = [(entry.method, entry.chat, entry.did, entry.messages, entry.text) for entry in sandbox.journal]

    assert entries == [
        ("sendMessage", CHANNEL, "accepted", [2], "Ciao"),
        ("editMessageText", CHANNEL, "edited", [2], "Corretto"),
        ("forwardMessage", PERSON, "accepted", [1], "Corretto"),
        ("deleteMessage", CHANNEL, "deleted", [2], None),
        ("getMe", None, "answered", [], None),
    ]


async def test_an_entry_tells_its_time_its_connection_and_what_was_asked(sandbox: Sandbox, call: Caller) -> None:
    await call("deleteMessages", chat_id=CHANNEL, message_ids=[8, 9])
    await call("forwardMessage", chat_id=PERSON, from_chat_id=OTHER, message_id=7)

    first, second = sandbox.journal

    assert (first.asked, first.messages, second.asked, second.source) == ([8, 9], [], [7], str(OTHER))
    assert first.connection == second.connection
    assert first.number + 1 == second.number
    assert first.monotonic <= (first.settled or 0) <= second.monotonic
    assert abs(first.wall - sandbox.clock.wall()) < 5


async def test_people_are_in_the_journal_too(sandbox: Sandbox) -> None:
    human = sandbox.post_as_human(CHANNEL, "Buongiorno")
    sandbox.edit_as_human(CHANNEL, human, "Buonasera")
    sandbox.pin(CHANNEL, human)
    sandbox.delete_as_human(CHANNEL, human)
    sandbox.kick(CHANNEL)

    deeds = [(entry.by, entry.method, entry.did, entry.messages) for entry in sandbox.journal]

    assert deeds == [
        ("human", "human-post", "accepted", [2]),
        ("human", "human-edit", "edited", [2]),
        ("human", "pin", "pinned", [2, 3]),
        ("human", "human-delete", "deleted", [2]),
        ("human", "standing", "kicked", []),
    ]


async def test_a_file_holds_the_same_lines_and_never_the_token(tmp_path: Path, call: Caller) -> None:
    path = tmp_path / "journal.jsonl"
    sandbox = await Sandbox.start(limits=Limits(0, 0, 0), journal=path)
    populate(sandbox)
    other = Caller(sandbox, call.session)

    await other.post(CHANNEL)
    await other.send("POST", "/bot111:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/sendMessage")
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    await sandbox.stop()

    assert [(line["method"], line["did"], line["code"]) for line in lines] == [
        ("sendMessage", "accepted", 200),
        ("sendMessage", "refused", 401),
    ]
    assert lines[0]["messages"] == [2]
    assert "AAAAAAA" not in path.read_text("utf-8")
    assert sandbox.token not in path.read_text("utf-8")
