# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
from app.domain.key import checksum, digest, key_id, new_key


def test_the_checksum_is_the_published_one() -> None:
    assert checksum("camp_live_A1b2C3d4E5f6_0123456789abcdefghijABCDEFGHIJ01") == "2O4MLO"


def test_a_new_key_is_recognised_by_its_id() -> None:
    key = new_key()

    assert key_id(key.text) == key.id
    assert digest(key.text) == key.digest


def test_a_mistyped_key_is_recognised_without_a_look_up() -> None:
    key = new_key().text

    for mistyped in (key[:-1], key + "0", key.swapcase(), "", "camp_live_", key.replace("_", "-")):
        assert key_id(mistyped) is None


def test_two_keys_are_never_alike() -> None:
    assert len({new_key().text for _ in range(1000)}) == 1000
