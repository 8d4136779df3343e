# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""From acceptance to what followers see."""

from tests.wechat.town import BOTH, Town


async def test_a_notice_reaches_the_account_in_chinese_and_below_in_italian(town: Town) -> None:
    await town.channel()

    await town.accepts()
    await town.settles()

    (send,) = town.sandbox.pushed
    assert await town.states() == ["delivered"]
    assert [article.title for article in send.articles] == [text["title"] for text in BOTH.values()]
    assert (send.to_all, send.sent) == (True, 20)
