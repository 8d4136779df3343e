# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every row of the classification: what Telegram answers, and what it means for a post, an edit and a question."""

import json
from typing import Any
from uuid import UUID

import pytest

from app.domain.delivery import Action
from app.domain.outcome import (
    Absent,
    Declined,
    Delivered,
    Doubted,
    Failed,
    Foreign,
    Gone,
    Lost,
    Misconfigured,
    Moved,
    Outcome,
    Refused,
    TextOnly,
    Throttled,
    Unclear,
    Undecided,
    Wire,
    WithoutMedia,
)
from workers.telegram.errors import THROTTLED_WITHOUT_A_TIME, broke, read
from workers.telegram.session import Reply
from workers.telegram.uploads import read_upload, unless_forgotten

POST, EDIT, PROBE = Action.POST, Action.EDIT, Action.PROBE


def answer(code: int, description: str = "", **parameters: Any) -> Reply:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return Reply(code, json.dumps({**body, **({"parameters": parameters} if parameters else {})}).encode())


CHANNEL_GONE = [
    (400, "Bad Request: chat not found"),
    (400, "Bad Request: private chat not found"),
    (400, "Bad Request: chat_id is empty"),
    (400, "Bad Request: PEER_ID_INVALID"),
    (400, "Bad Request: CHANNEL_INVALID"),
    (400, "Bad Request: USERNAME_NOT_OCCUPIED"),
    (400, "Bad Request: USERNAME_INVALID"),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN"),
    (400, "Bad Request: CHANNEL_PRIVATE"),
    (400, "Bad Request: CHAT_ADMIN_REQUIRED"),
    (400, "Bad Request: CHAT_RESTRICTED"),
    (400, "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN"),
    (400, "Bad Request: CHAT_GUEST_SEND_FORBIDDEN"),
    (400, "Bad Request: have no write access to the chat"),
    (400, "Bad Request: can't access the chat"),
    (400, "Bad Request: need administrator rights in the channel chat"),
    (400, "Bad Request: not enough rights to send text messages to the chat"),
    (400, "Bad Request: have no rights to send a message"),
    (400, "Bad Request: TOPIC_CLOSED"),
    (403, "Forbidden: bot was kicked from the channel chat"),
    (403, "Forbidden: bot was kicked from the supergroup chat"),
    (403, "Forbidden: bot is not a member of the channel chat"),
    (403, "Forbidden: the group chat was deleted"),
    (403, "Forbidden: bot was blocked by the user"),
    (403, "Forbidden: user is deactivated"),
    (403, "Forbidden: bot can't initiate conversation with a user"),
    (403, "Forbidden: the bot can't send messages to the bot"),
]
CONTENT_REFUSED = [
    "can't parse entities: Unmatched end tag at byte offset 4",
    'can\'t parse MessageEntity: Field "type" must be of type String',
    "ENTITY_BOUNDS_INVALID",
    "unsupported parse_mode",
    "text is too long",
    "message is too long",
    "message caption is too long",
    "MESSAGE_TOO_LONG",
    "MEDIA_CAPTION_TOO_LONG",
    "message text is empty",
    "text must be non-empty",
    "strings must be encoded in UTF-8",
    "reply markup is too long",
    "REPLY_MARKUP_INVALID",
    "BUTTON_URL_INVALID",
    "BUTTON_DATA_INVALID",
    "object expected as reply markup",
    "can't parse reply keyboard markup JSON object",
    "expected an Array of MessageEntity",
    "message identifier is not specified",
    "too many message identifiers specified",
    'parameter "text" is required',
    "something nobody has seen before",
]
EDIT_TARGET_LOST = [
    "message to edit not found",
    "MESSAGE_ID_INVALID",
    "message not found",
]
OUR_BOT_REFUSED = [
    (401, "Unauthorized"),
    (401, "Unauthorized: invalid token specified"),
    (404, "Not Found"),
    (404, "Not Found: method not found"),
    (406, "FROZEN_METHOD_INVALID"),
    (409, "Conflict: terminated by other getUpdates request"),
    (421, "Misdirected Request: unallowed token specified"),
]

NOT_TELEGRAMS = [
    b"{}",
    b'{"status": "ok"}',
    b'{"ok": false, "description": "queued"}',
    b'{"ok": false, "error_code": "400"}',
    b'{"ok": false, "error_code": true}',
    b'{"ok": false, "error_code": 202}',
]


@pytest.mark.parametrize(("code", "description"), CHANNEL_GONE)
@pytest.mark.parametrize("action", [POST, EDIT, PROBE])
def test_a_channel_that_cannot_be_posted_to_is_gone(code: int, description: str, action: Action) -> None:
    outcome = read(answer(code, description), action)

    assert outcome == Gone(description)


@pytest.mark.parametrize("description", CONTENT_REFUSED)
@pytest.mark.parametrize("action", [POST, EDIT])
def test_content_that_telegram_will_never_take_is_refused(description: str, action: Action) -> None:
    assert isinstance(read(answer(400, f"Bad Request: {description}"), action), Refused)


@pytest.mark.parametrize("description", EDIT_TARGET_LOST)
def test_an_edit_without_its_post_is_lost(description: str) -> None:
    assert isinstance(read(answer(400, f"Bad Request: {description}"), EDIT), Lost)


@pytest.mark.parametrize("description", ["message can't be edited", "there is no text in the message to edit"])
def test_a_post_that_may_not_be_changed_is_not_taken_for_one_that_is_gone(description: str) -> None:
    assert isinstance(read(answer(400, f"Bad Request: {description}"), EDIT), Undecided)


@pytest.mark.parametrize(("code", "description"), OUR_BOT_REFUSED)
def test_an_answer_against_our_bot_burns_no_attempt(code: int, description: str) -> None:
    assert isinstance(read(answer(code, description), POST), Misconfigured)


def test_an_accepted_post_gives_its_reference() -> None:
    reply = Reply(200, b'{"ok": true, "result": {"message_id": 42}}')

    assert read(reply, POST) == Delivered(("42",))


@pytest.mark.parametrize("action", [POST, EDIT, PROBE])
@pytest.mark.parametrize("result", [b"{}", b"true", b'{"message_id": "42"}', b'{"message_id": true}', b"null", b"[]"])
def test_a_yes_that_names_no_message_is_in_doubt(result: bytes, action: Action) -> None:
    assert isinstance(read(Reply(200, b'{"ok": true, "result": ' + result + b"}"), action, "42"), Doubted)


def test_the_body_counts_and_not_the_status() -> None:
    body = answer(403, "Forbidden: bot was kicked from the channel chat").body

    assert isinstance(read(Reply(200, body), POST), Gone)


def test_an_edit_to_what_is_there_already_is_done() -> None:
    assert read(answer(400, "Bad Request: message is not modified: specified new message content"), EDIT) == Delivered()


@pytest.mark.parametrize("description", ["Bad Request: group chat was upgraded to a supergroup chat", ""])
def test_a_migrated_group_has_moved(description: str) -> None:
    assert read(answer(400, description, migrate_to_chat_id=-1001234567890123), POST) == Moved("-1001234567890123")


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (answer(429, "Too Many Requests: retry after 7", retry_after=7), 7),
        (answer(429, "Too Many Requests: retry after 0", retry_after=0), THROTTLED_WITHOUT_A_TIME),
        (answer(429, "Too Many Requests"), THROTTLED_WITHOUT_A_TIME),
        (answer(420, "FLOOD_WAIT", retry_after=9), 9),
        (Reply(429, b"<html>slow down</html>"), THROTTLED_WITHOUT_A_TIME),
        (answer(429, "Too Many Requests", retry_after=10**9), 86_400),
    ],
)
def test_haste_is_answered_by_waiting(reply: Reply, seconds: float) -> None:
    assert read(reply, POST) == Throttled(seconds)


def test_a_post_that_was_removed_at_once_is_never_sent_again() -> None:
    text = "Internal Server Error: sent message was immediately deleted and can't be returned"

    assert isinstance(read(answer(500, text), POST), Refused)


@pytest.mark.parametrize("code", [500, 502, 503, 504])
@pytest.mark.parametrize("action", [POST, EDIT, PROBE])
def test_a_server_error_leaves_in_doubt_whatever_was_asked(code: int, action: Action) -> None:
    assert isinstance(read(answer(code, "Internal Server Error: restart"), action), Doubted)


@pytest.mark.parametrize(
    ("status", "kind"), [(502, Doubted), (500, Doubted), (200, Doubted), (413, Refused), (403, Failed), (404, Failed)]
)
def test_a_page_that_is_not_json_is_read_by_its_status(status: int, kind: type) -> None:
    assert isinstance(read(Reply(status, b"<html><h1>nginx</h1></html>"), POST), kind)


@pytest.mark.parametrize("body", [None, b"", b"[]", b'"ok"', b"null", b"\xff", *NOT_TELEGRAMS])
def test_an_answer_of_another_shape_is_in_doubt(body: bytes | None) -> None:
    assert isinstance(read(Reply(200, body), POST), Doubted)


@pytest.mark.parametrize(("status", "kind"), [(403, Failed), (413, Refused), (429, Throttled), (502, Doubted)])
@pytest.mark.parametrize("body", NOT_TELEGRAMS)
def test_json_that_is_not_telegrams_is_read_like_a_page(body: bytes, status: int, kind: type) -> None:
    assert isinstance(read(Reply(status, body), POST), kind)


def test_a_json_500_without_description_is_in_doubt() -> None:
    assert isinstance(read(Reply(500, b'{"ok": false, "error_code": 500}'), POST), Doubted)


@pytest.mark.parametrize(
    ("description", "meaning"),
    [
        ("message is not modified", Delivered(("43",))),
        ("message to edit not found", Absent()),
        ("message to forward not found", Absent()),
        ("message can't be edited", Foreign()),
        ("there is no text in the message to edit", Foreign()),
    ],
)
def test_a_question_is_answered_by_an_error(description: str, meaning: object) -> None:
    assert read(answer(400, f"Bad Request: {description}"), PROBE, "43") == meaning


@pytest.mark.parametrize(
    "description", ["can't parse entities", "message has protected content and can't be forwarded"]
)
def test_a_question_that_telegram_does_not_answer_stays_open(description: str) -> None:
    assert isinstance(read(answer(400, f"Bad Request: {description}"), PROBE, "43"), Unclear)


def test_a_question_that_changed_our_own_post_has_found_it() -> None:
    assert read(Reply(200, b'{"ok": true, "result": {"message_id": 43}}'), PROBE, "43") == Delivered(("43",))


@pytest.mark.parametrize(("wire", "kind"), [(Wire.NONE, Failed), (Wire.CONNECTED, Failed)])
def test_what_never_left_is_certain(wire: Wire, kind: type) -> None:
    assert isinstance(broke(TimeoutError(), wire), kind)


@pytest.mark.parametrize("wire", [Wire.HEADERS, Wire.BODY, Wire.RESPONSE])
def test_what_left_without_an_answer_is_in_doubt(wire: Wire) -> None:
    assert isinstance(broke(TimeoutError(), wire), Doubted)


def test_an_error_never_carries_the_token() -> None:
    error = OSError("cannot connect to https://api.telegram.org/bot123456:CANARY/sendMessage")

    assert "CANARY" not in str(broke(error, Wire.BODY))


@pytest.mark.parametrize(
    ("code", "description", "outcome"),
    [
        (400, "Bad Request: not enough rights to send photos to the chat", TextOnly),
        (400, "Bad Request: CHAT_SEND_DOCS_FORBIDDEN", TextOnly),
        (400, 'Bad Request: failed to send message #2 with the error message "CHAT_SEND_PHOTOS_FORBIDDEN"', TextOnly),
        (400, 'Bad Request: failed to send message #2 with the error message "IMAGE_PROCESS_FAILED"', WithoutMedia),
        (400, 'Bad Request: failed to send message #1 with the error message "CHAT_WRITE_FORBIDDEN"', Gone),
        (400, 'Bad Request: failed to send message #1 with the error message "MEDIA_CAPTION_TOO_LONG"', Refused),
        (400, 'Bad Request: failed to send message #1 with the error message "Message was not sent"', Doubted),
        (400, "Bad Request: group send failed", Declined),
        (400, "Bad Request: too Many Requests: retry after 8", Throttled),
        (400, "Bad Request: PHOTO_INVALID_DIMENSIONS", WithoutMedia),
        (413, "Request Entity Too Large", WithoutMedia),
        (403, "Forbidden: bot was kicked from the channel chat", Gone),
    ],
)
def test_what_a_chat_does_not_take_is_told_from_what_no_chat_takes(
    code: int, description: str, outcome: type[Outcome]
) -> None:
    assert isinstance(read_upload(answer(code, description), POST), outcome)


def test_an_album_that_broke_off_is_a_doubt_for_as_long_as_telegram_wants_us_to_wait() -> None:
    words = 'Bad Request: failed to send message #1 with the error message "Too Many Requests: retry after 8"'

    outcome = read_upload(answer(400, words), POST)

    assert isinstance(outcome, Doubted)
    assert outcome.seconds == 8


def test_an_album_that_is_refused_without_a_reason_goes_as_text_at_last() -> None:
    refused = answer(400, "Bad Request: group send failed")

    assert [type(read_upload(refused, POST, failures)) for failures in (0, 1, 2)] == [Declined, Declined, TextOnly]


def test_a_file_that_telegram_no_longer_takes_by_its_id_is_uploaded_once_more() -> None:
    notice, href, refused = UUID(int=1), "https://example.org/a.png", WithoutMedia("wrong file identifier")
    payload = json.dumps({"text": "", "entities": [], "media": [["photo", href]]})
    known = {(notice, href): "AgAC"}

    outcomes = [unless_forgotten(refused, known, notice, payload) for _ in range(2)]

    assert (outcomes, known) == ([Declined(refused.reason), refused], {})
