# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whatever a signature says, it is taken or found unfit: nothing in it makes its reader stumble."""

import base64
import hashlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.signature import UnfitError, key_named, refuse_unfit

BODY = b'{"event_id": "mensa/1"}'
DIGEST = "SHA-256=" + base64.b64encode(hashlib.sha256(BODY).digest()).decode()
HEADERS = {"digest": [DIGEST], "content-type": ["application/json"]}
GOOD: dict[str, Any] = {
    "iat": 1_795_478_400,
    "exp": 1_795_479_000,
    "jti": "1",
    "signed_headers": [{"digest": DIGEST}, {"content-type": "application/json"}],
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(["digest", "content-type", "Digest", "host"]), ANYTHING), max_size=4)


def values(name: str) -> list[str]:
    return HEADERS.get(name, [])


def test_what_fits_is_taken() -> None:
    refuse_unfit(GOOD, values, BODY)

    assert key_named({"typ": "JWT", "kid": "k1", "x5t#S256": "k2"}) == "k2"


@pytest.mark.parametrize(
    ("name", "value"), [("exp", GOOD["exp"] + 1), ("iat", True), ("jti", ""), ("signed_headers", [])]
)
def test_what_does_not_fit_is_not(name: str, value: Any) -> None:
    with pytest.raises(UnfitError):
        refuse_unfit({**GOOD, name: value}, values, BODY)


@given(st.sampled_from(sorted(GOOD)), ANYTHING | ROWS)
def test_a_claim_of_any_kind_is_read(name: str, value: Any) -> None:
    with suppress(UnfitError):
        refuse_unfit({**GOOD, name: value}, values, BODY)


@given(st.dictionaries(st.sampled_from(["x5c", "x5t#S256", "kid", "x5u"]), ANYTHING | st.lists(st.text())))
def test_a_header_of_any_kind_is_read(header: dict[str, Any]) -> None:
    with suppress(UnfitError):
        key_named({"typ": "JWT", **header})
