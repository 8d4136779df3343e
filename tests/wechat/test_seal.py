# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Seals and signatures of letters, with another library on the other side, and XML that could do harm."""

import pytest
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

from app.wechat.letter import LetterError, read
from app.wechat.seal import SealError, opened, signature
from deploy.sandbox_wechat import APP_ID
from deploy.sandbox_wechat.letters import addressed, sealed
from tests.wechat.writing import KEY, TOKEN, done


def test_the_signature_is_that_of_the_official_vector() -> None:
    given = "f464b24fc39322e44b38aa78f5edd27bd1441696"

    assert signature(TOKEN, "1714036504", "1514711492") == given
    check_signature(TOKEN, given, "1714036504", "1514711492")


@pytest.mark.parametrize("text", ["x", "中文 " * 500, "<xml>" + "y" * 31 + "</xml>"])
def test_what_the_other_library_seals_is_opened(text: str) -> None:
    other = WeChatCrypto(TOKEN, KEY, APP_ID)
    letter = other.encrypt_message(text, "n1", "1714036504")
    inner = letter.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]

    assert opened(inner, KEY, APP_ID).decode() == text


def test_what_the_sandbox_seals_is_opened_by_the_other_library() -> None:
    query, body = addressed(done(), TOKEN, KEY, APP_ID)
    other = WeChatCrypto(TOKEN, KEY, APP_ID)

    plain = other.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])

    assert plain.encode() == done()


@pytest.mark.parametrize("spoiled", ["A" * 44, "", "*" * 44, "A" * 64])
def test_what_was_not_sealed_with_our_key_is_not_opened(spoiled: str) -> None:
    with pytest.raises(SealError):
        opened(spoiled, KEY, APP_ID)


def test_a_letter_for_another_account_is_not_opened() -> None:
    with pytest.raises(SealError, match="another account"):
        opened(sealed(done(), KEY, "wx-somebody-else"), KEY, APP_ID)


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><xml><Event>&a;</Event></xml>",
        b"<xml><Event>",
        b"",
        b"<xml>" + b"x" * (64 << 10) + b"</xml>",
        b"\xff\xfe\x00",
    ],
)
def test_xml_that_could_do_harm_is_refused(body: bytes) -> None:
    with pytest.raises(LetterError):
        read(body, TOKEN)
