# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The demo's account sees what is lost, sent twice, or not settled."""

from dataclasses import replace

import pytest

from deploy.account import Account, Owed, landed, pushed, told
from deploy.choosing import in_messages

MENSA = Owed("mensa/1", "normal", "mensa", "delivered", ("1", "2"))
SCUOLA = Owed("mensa/1", "normal", "scuola", "delivered", ("7",))
GOOD = Account(2, (MENSA, SCUOLA), (("mensa", "1"), ("mensa", "2"), ("scuola", "7")))


def entry(**what: object) -> dict[str, object]:
    return {"by": "bot", "chat": -1, "did": "accepted", "messages": [1], **what}


def test_what_was_promised_and_is_there_once_is_good() -> None:
    assert (GOOD.is_good, GOOD.is_settled, GOOD.lost, GOOD.twice) == (True, True, [], [])


def test_a_post_that_the_channel_does_not_hold_is_lost() -> None:
    account = replace(GOOD, landed=GOOD.landed[1:])

    assert (account.is_good, account.lost) == (False, [("mensa", "1")])


def test_a_post_that_no_delivery_knows_of_was_sent_twice() -> None:
    account = replace(GOOD, landed=(*GOOD.landed, ("scuola", "8")))

    assert (account.is_good, account.twice) == (False, [("scuola", "8")])


def test_a_delivery_that_nobody_knows_of_any_more_is_missing() -> None:
    account = replace(GOOD, promised=3)

    assert (account.is_good, account.is_settled, account.missing) == (False, False, 1)


@pytest.mark.parametrize("state", ["due", "in_doubt"])
def test_an_open_delivery_is_neither_settled_nor_good(state: str) -> None:
    account = replace(GOOD, deliveries=(MENSA, replace(SCUOLA, state=state, references=())), landed=GOOD.landed[:2])

    assert (account.is_settled, account.is_good) == (False, False)


@pytest.mark.parametrize("state", ["dead", "held"])
def test_a_delivery_that_waits_for_a_person_is_settled_but_not_good(state: str) -> None:
    account = replace(GOOD, deliveries=(MENSA, replace(SCUOLA, state=state, references=())), landed=GOOD.landed[:2])

    assert (account.is_settled, account.is_good) == (True, False)


def test_the_account_is_exact_by_lane_and_by_channel() -> None:
    urgent = replace(MENSA, lane="urgent", state="expired")
    account = replace(GOOD, deliveries=(MENSA, SCUOLA, urgent))

    assert account.states() == {"delivered": 2, "expired": 1}
    assert account.states(lane="normal", channel="mensa") == {"delivered": 1}


def test_only_posts_of_the_bot_that_still_stand_in_our_channels_have_landed() -> None:
    journal = [
        entry(messages=[1, 2]),
        entry(did="deleted", messages=[2]),
        entry(did="edited"),
        entry(did="refused", messages=[]),
        entry(by="human", messages=[3]),
        entry(chat=-9),
        entry(chat="@unknown"),
    ]

    assert landed(journal, {-1: "mensa"}) == (("mensa", "1"),)


def test_a_channel_that_still_shows_an_earlier_revision_has_not_followed() -> None:
    account = replace(GOOD, deliveries=(MENSA, replace(SCUOLA, is_current=False)))

    assert (account.is_good, account.is_settled, account.followed("mensa/1")) == (False, False, (1, 2))


def test_what_a_platform_has_deleted_is_claimed_no_more() -> None:
    gone = replace(SCUOLA, state="withdrawn", is_gone=True)

    assert replace(GOOD, deliveries=(MENSA, gone), landed=GOOD.landed[:2]).is_good
    assert replace(GOOD, deliveries=(MENSA, gone)).twice == [("scuola", "7")]


def send(number: int, articles: str, tag: int | None = 101, state: str = "done") -> dict[str, object]:
    """Make a push of some articles, each a dot, or an x where it was deleted."""
    return {"id": str(number), "tag": tag, "state": state, "articles": [{"deleted": each == "x"} for each in articles]}


SLUGS = {101: "zh", None: "tutti"}


def test_notices_that_share_a_push_are_told_apart_by_their_first_article() -> None:
    known = [("zh", "5_1"), ("zh", "5_3"), ("tutti", "6")]

    sends = [send(5, "...."), send(6, "..", tag=None), send(7, ".", state="failed")]

    assert pushed(sends, SLUGS, known) == (("zh", "5_1"), ("zh", "5_3"), ("tutti", "6"))


def test_an_article_that_was_deleted_is_not_there_and_one_that_is_nobody_s_stands_for_itself() -> None:
    known = [("zh", "5_1"), ("zh", "5_3")]

    assert pushed([send(5, "xx..")], SLUGS, known) == (("zh", "5_3"),)
    assert pushed([send(5, "xx..")], SLUGS, known[:1]) == (("zh", "5_1"),)
    assert pushed([send(8, ".")], SLUGS, known) == (("zh", "8_1"),)


def event(number: str, kind: str = "notice.published") -> dict[str, str]:
    return {"id": number, "event_id": "mensa/1", "type": kind}


def test_a_receiver_holds_what_it_was_told_last_and_a_repetition_under_another_id_counts_twice() -> None:
    assert told([event("a"), event("b", "notice.corrected")], "registro") == (("registro", "b"),)
    assert told([event("a"), event("b")], "registro") == (("registro", "b"), ("registro", "b"))


def test_what_is_chosen_together_fits_into_one_message() -> None:
    waiting = [{"delivery_id": number, "articles": articles} for number, articles in enumerate((3, 3, 3, 2, 8))]

    assert in_messages(waiting) == [[0, 1], [2, 3], [4]]
