# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Everything the sandbox refuses, in Telegram's words."""

import pytest

from deploy.sandbox import Sandbox
from deploy.sandbox.refusals import Why
from tests.sandbox.scenes import SCENES
from tests.sandbox.town import CHANNEL, PERSON, Caller

ELSEWHERE = {Why.TOKEN_MALFORMED, Why.TOKEN_UNALLOWED, Why.TOKEN_UNKNOWN, Why.OTHER_GET_UPDATES}


async def posts(sandbox: Sandbox, call: Caller) -> dict[str, str]:
    """Give the ids of the posts that scenes speak of."""
    photo = await call("sendPhoto", chat_id=CHANNEL, photo="https://a.it/a.jpg")
    two = [{"type": "photo", "media": "https://a.it/a.jpg"}] * 2
    album = await call("sendMediaGroup", chat_id=CHANNEL, media=two)
    return {
        "own": str(await call.post(CHANNEL)),
        "protected": str(await call.post(CHANNEL, protect_content=True)),
        "private": str(await call.post(PERSON)),
        "human": str(sandbox.post_as_human(CHANNEL, "Buongiorno")),
        "photo": str(photo.result["message_id"]),
        "album": str(album.result[0]["message_id"]),
    }


@pytest.mark.parametrize("why", [why for why in Why if why not in ELSEWHERE], ids=lambda why: str(why.name).lower())
async def test_every_refusal_is_said_in_telegrams_words(why: Why, sandbox: Sandbox, call: Caller) -> None:
    scene = SCENES[why]
    known = await posts(sandbox, call)
    scene.before(sandbox)
    parameters = {
        name: value.format(**known) if name == "message_id" and isinstance(value, str) else value
        for name, value in scene.parameters.items()
    }

    answer = await (
        call.upload(scene.method, scene.files, **parameters) if scene.files else call(scene.method, **parameters)
    )

    assert (answer.status, answer.json["error_code"], answer.description) == (scene.code, scene.code, scene.description)
    assert (sandbox.journal[-1].did, sandbox.journal[-1].description) == ("refused", scene.description)


async def test_a_migrated_group_names_its_successor(sandbox: Sandbox, call: Caller) -> None:
    heir = sandbox.migrate(-4000001)

    answer = await call("sendMessage", chat_id=-4000001, text="Ciao")

    administrators = await call("getChatAdministrators", chat_id=-4000001)
    assert answer.json["parameters"] == administrators.json["parameters"] == {"migrate_to_chat_id": heir}
    assert (await call("sendMessage", chat_id=heir, text="Ciao")).status == 200


@pytest.mark.parametrize(
    ("token", "code", "description"),
    [
        ("123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 401, "Unauthorized"),
        ("nonsense", 401, "Unauthorized: invalid token specified"),
        ("x:y", 421, "Misdirected Request: unallowed token specified"),
    ],
)
async def test_a_wrong_token_is_refused(token: str, code: int, description: str, call: Caller) -> None:
    answer = await call.send("POST", f"/bot{token}/getMe")

    assert (answer.status, answer.description) == (code, description)


async def test_a_path_without_a_method_is_not_found(sandbox: Sandbox, call: Caller) -> None:
    for path in (f"/bot{sandbox.token}/", f"/bot{sandbox.token}", "/elsewhere"):
        answer = await call.send("POST", path)

        assert (answer.status, answer.json) == (404, {"ok": False, "error_code": 404, "description": "Not Found"})
