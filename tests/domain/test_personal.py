# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Personal data: what is certain, what only looks so, and what is neither."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.personal import certain, first_certain, likely
from tests.given import a_notice

CODES = ["RSSMRA85T10A562S", "rssmra85t10a562s", "RSS MRA 85T10 A562 S", "RSS-MRA-85T10-A562-S", "BNCLRA90A41G999F"]
ACCOUNTS = ["IT60X0542811101000000123456", "IT60 X054 2811 1010 0000 0123 456", "it60x0542811101000000123456"]
ACCOUNTS += ["DE89370400440532013000", "GB82 WEST 1234 5698 7654 32", "SM86U0322509800000000270100"]
ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]


def check_character(code: str) -> str:
    """Written out by the decree's tables, unlike ours."""
    values = [int(sign) if sign.isdigit() else ord(sign) - 65 for sign in code]
    return chr(65 + sum(ODD[v] if place % 2 == 0 else v for place, v in enumerate(values)) % 26)


@pytest.mark.parametrize("code", CODES[:4])
def test_a_fiscal_code_is_certain_however_it_is_written(code: str) -> None:
    assert list(certain(f"Il pasto di ({code}) è sospeso.")) == ["fiscal_code"]


@given(
    st.from_regex(
        r"[A-Z]{6}[0-9]{2}[ABCDEHLMPRST]([04][1-9]|[15][0-9]|[26][0-9]|[37][01])[A-Z][0-9]{3}", fullmatch=True
    )
)
def test_every_code_with_its_check_character_is_found_and_with_no_other(code: str) -> None:
    right = check_character(code)
    wrong = chr(65 + (ord(right) - 65 + 1) % 26)

    assert list(certain(f"cf {code}{right}.")) == ["fiscal_code"]
    assert list(certain(f"cf {code}{wrong}.")) == []


def test_letters_that_stand_for_digits_are_read() -> None:
    code = "RSSMRA85T10A56N"

    assert list(certain(code + check_character(code))) == ["fiscal_code"]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_with_the_right_sum_is_certain(account: str) -> None:
    assert list(certain(f"Bonifico su {account} intestato al Comune")) == ["iban"]


def test_the_municipality_s_own_account_is_no_personal_data() -> None:
    own = {"IT60X0542811101000000123456"}

    assert list(certain(f"{ACCOUNTS[1]}.", own)) == []
    assert list(certain(f"{ACCOUNTS[1]} o {ACCOUNTS[3]}", own)) == ["iban"]


@pytest.mark.parametrize(
    "text",
    [
        "RSSMRA85T10A562T",
        "RSSMRA85T32A562S",
        "XRSSMRA85T10A562S",
        "RSSMRA85T10A562S1",
        "IT61X0542811101000000123456",
        "IT60X05428111010000001234567",
        "IT60X054281110100000012345",
        "XX60X0542811101000000123456",
        "CUP C31B20000100005, protocollo 2026/0123456",
        "precipitevolissimevolmente",
        "",
    ],
)
def test_what_only_resembles_is_not_certain(text: str) -> None:
    assert list(certain(text)) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("scrivi a mario.rossi@gmail.com", "private_email"),
        ("scrivi a zhang@qq.com", "private_email"),
        ("chiama il 347 1234567", "mobile_number"),
        ("chiama il +39 347.123.45.67", "mobile_number"),
        ("il figlio di Mario Rossi", "child_named"),
        ("la figlia della signora Anna Bianchi", "child_named"),
    ],
)
def test_what_looks_like_a_person_is_likely_and_never_certain(text: str, rule: str) -> None:
    assert list(likely(text)) == [rule]
    assert list(certain(text)) == []


@pytest.mark.parametrize(
    "text", ["mensa@comune.example.it", "0574 000110", "800 000 000", "i figli di chi lavora", "€ 347.123,00"]
)
def test_what_an_office_writes_is_not_likely(text: str) -> None:
    assert list(likely(text)) == []


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"event_id": f"mensa/{CODES[0]}"}, "#/event_id"),
        ({"supersedes": CODES[0]}, "#/supersedes"),
        ({"texts": {"it": {"title": f"Per {CODES[0]}"}}}, "#/texts/it/title"),
        ({"texts": {"it": {"title": "x", "summary": CODES[2]}}}, "#/texts/it/summary"),
        ({"texts": {"it": {"title": "x", "body": "RSSMRA85**T10**A562S"}}}, "#/texts/it/body"),
        ({"texts": {"it": {"title": "x", "what_to_do": ["y", CODES[0]]}}}, "#/texts/it/what_to_do/1"),
        ({"links": [{"title": "x", "href": f"https://example.it/?cf={CODES[0]}"}]}, "#/links/0/href"),
        ({"links": [{"title": CODES[0], "href": "https://example.it/"}]}, "#/links/0/title"),
        ({"attachments": [{"title": "x", "href": f"https://example.it/{CODES[0]}.pdf"}]}, "#/attachments/0/href"),
        ({"contacts": [{"label": "x"}, {"label": CODES[0]}]}, "#/contacts/1/label"),
        ({"audience": {"schools": ["x", CODES[0]]}}, "#/audience/schools/1"),
    ],
)
def test_a_certain_find_is_named_wherever_it_stands(members: dict[str, Any], pointer: str) -> None:
    assert first_certain(a_notice(**members)) == (pointer, "fiscal_code")


@given(st.text(alphabet="ABIT 0123456789-", max_size=200))
def test_no_text_breaks_the_search(text: str) -> None:
    assert set(certain(text)) <= {"fiscal_code", "iban"}
