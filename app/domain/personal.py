# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Personal data in what would be public: certain where a check character or sum is right, else likely."""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import chain

from app.domain.blocks import text_of
from app.domain.markup import parse
from app.domain.notice import Notice

Place = tuple[str, str]
"""A pointer into the notice, and the text that stands there."""
_DIGIT = re.compile("[0-9]")
"""Nothing is certain without one."""
_CODE = re.compile(
    r"(?<![A-Z0-9])([A-Z]{3})[ -]?([A-Z]{3})[ -]?([0-9LMNPQRSTUV]{2}[A-EHLMPRST][0-9LMNPQRSTUV]{2})"
    r"[ -]?([A-Z][0-9LMNPQRSTUV]{3})[ -]?([A-Z])(?![A-Z0-9])",
    re.IGNORECASE | re.ASCII,
)
_ODD = "BAKPLCQDREVOSFTGUHMINJWZYX"
"""A letter's place in this row is what it counts for on the odd places of a fiscal code; digits stand for A to J."""
_REPLACED = str.maketrans("LMNPQRSTUV", "0123456789")
"""Letters that stand for digits where two people would have the same code."""
_FEMALE, _DAYS = 40, range(1, 32)
_ACCOUNT = re.compile(r"(?<![A-Z0-9])([A-Z]{2})[0-9]{2}(?=[ -]?[A-Z0-9])", re.IGNORECASE | re.ASCII)
_LENGTHS = {
    "AT": 20,
    "BE": 16,
    "BG": 22,
    "CH": 21,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "EE": 20,
    "ES": 24,
    "FI": 18,
    "FR": 27,
    "GB": 22,
    "GR": 27,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IS": 26,
    "IT": 27,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "MC": 27,
    "MT": 31,
    "NL": 18,
    "NO": 15,
    "PL": 28,
    "PT": 25,
    "RO": 24,
    "SE": 24,
    "SI": 19,
    "SK": 24,
    "SM": 27,
    "VA": 22,
    "AL": 28,
    "MD": 24,
    "RS": 22,
    "UA": 29,
    "TR": 26,
}
_PRIVATE = re.compile(
    r"[A-Z0-9._%+-]{1,64}@(?:gmail|googlemail|libero|hotmail|outlook|live|msn|yahoo|ymail|tiscali|tin|virgilio|alice"
    r"|inwind|iol|icloud|me|fastwebnet|aruba|email|proton|protonmail|gmx|qq|163|126|sina|foxmail)\.[a-z]{2,3}\b",
    re.IGNORECASE | re.ASCII,
)
_MOBILE = re.compile(r"(?<![\d+])(?:(?:\+|00)39[ ./-]?)?3[1-9]\d[ ./-]?\d{3}[ ./-]?\d{2}[ ./-]?\d{1,2}(?!\d)", re.ASCII)
_CHILD = re.compile(
    r"\b(?:[Ff]igli[oae]|[Aa]lunn[oa]|[Gg]enitor[ei]|[Mm]amma|[Pp]apà) (?:di|del signor|della signora) "
    r"[A-ZÀ-Ú][a-zà-ù]+ [A-ZÀ-Ú]"
)
_LIKELY = {"private_email": _PRIVATE, "mobile_number": _MOBILE, "child_named": _CHILD}


def certain(text: str, own: Collection[str] = ()) -> Iterator[str]:
    """Name what is beyond doubt: fiscal_code, or iban where the account is none of the municipality's own."""
    if any(_is_fiscal_code(*found.groups()) for found in _CODE.finditer(text)):
        yield "fiscal_code"
    if any(account not in own for account in _accounts(text)):
        yield "iban"


@lru_cache(maxsize=8)
def accounts_in(text: str) -> frozenset[str]:
    """Read a list of account numbers with commas between them; ValueError for one whose check sum is wrong."""
    listed = ["".join(each.split()).upper() for each in text.split(",") if each.strip()]
    if not all(list(_accounts(each)) == [each] for each in listed):
        raise ValueError("names an IBAN that is none; write them with commas between them")
    return frozenset(listed)


def likely(text: str) -> Iterator[str]:
    """Name what looks like data of a person and may be none: an address, a number, a child."""
    return (rule for rule, form in _LIKELY.items() if form.search(text))


def first_certain(notice: Notice, own: Collection[str] = ()) -> tuple[str, str] | None:
    """Give the pointer and rule of the first certain find, or None; one look over all texts when there is none."""
    found = [each for each in places(notice) if _DIGIT.search(each[1])]
    if next(certain("\n".join(text for _, text in found), own), None) is None:
        return None
    return next(((pointer, rule) for pointer, text in found for rule in certain(text, own)), None)


def places(notice: Notice) -> Iterator[Place]:
    """Every text of a notice that could be shown or kept, with its place."""
    yield "#/event_id", notice.event_id
    yield "#/supersedes", notice.supersedes or ""
    for language, text in notice.texts.items():
        yield f"#/texts/{language}/title", text.title
        yield f"#/texts/{language}/short_title", text.short_title or ""
        yield f"#/texts/{language}/summary", text.summary or ""
        if text.body is not None:
            yield f"#/texts/{language}/body", text.body
            yield f"#/texts/{language}/body", text_of(parse(text.body))  # so that no markup hides anything
        yield from ((f"#/texts/{language}/what_to_do/{number}", step) for number, step in enumerate(text.what_to_do))
    yield from _around(notice)


def _around(notice: Notice) -> Iterator[Place]:
    titled = chain(
        ((f"#/links/{number}", link.title, link.href) for number, link in enumerate(notice.links)),
        ((f"#/attachments/{number}", each.title, each.href) for number, each in enumerate(notice.attachments)),
    )
    for pointer, title, href in titled:
        yield f"{pointer}/title", title
        yield f"{pointer}/href", href
    for number, contact in enumerate(notice.contacts):
        members = {"label": contact.label, "phone": contact.phone, "email": contact.email, "hours": contact.hours}
        yield from ((f"#/contacts/{number}/{name}", value) for name, value in members.items() if value)
    told = {"schools": notice.audience.schools, "areas": notice.audience.areas, "grades": notice.audience.grades}
    for name, values in told.items():
        yield from ((f"#/audience/{name}/{number}", value) for number, value in enumerate(values))


def _is_fiscal_code(*groups: str) -> bool:
    code = "".join(groups).upper()
    day = int(code[9:11].translate(_REPLACED))
    if code.isalpha() or (day - _FEMALE if day > _FEMALE else day) not in _DAYS:
        return False
    letters = [chr(ord("A") + int(sign)) if sign.isdigit() else sign for sign in code[:15]]
    odd = sum(_ODD.index(letter) for letter in letters[::2])
    even = sum(ord(letter) - ord("A") for letter in letters[1::2])
    return chr(ord("A") + (odd + even) % 26) == code[15]


def _accounts(text: str) -> Iterator[str]:
    """Give the account numbers whose check sum is right, without their blanks."""
    for found in _ACCOUNT.finditer(text):
        length = _LENGTHS.get(found[1].upper())
        if length is not None and (account := _compact(text, found.start(), length)) and _adds_up(account):
            yield account


def _compact(text: str, start: int, length: int) -> str | None:
    """Read so many letters and digits with at most one blank or hyphen between two, and none after them."""
    form = re.compile(rf"[A-Z0-9](?:[ -]?[A-Z0-9]){{{length - 1}}}(?![A-Z0-9])", re.IGNORECASE | re.ASCII)
    found = form.match(text, start)
    return re.sub("[ -]", "", found[0]).upper() if found else None


def _adds_up(account: str) -> bool:
    digits = "".join(str(int(sign, 36)) for sign in account[4:] + account[:4])
    return int(digits) % 97 == 1
