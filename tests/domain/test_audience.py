# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2

from collections.abc import Mapping

import pytest
from uuid_utils.compat import uuid7

from app.domain.channel import Channel, Following, overlaps, reaches
from tests.given import a_notice


def a_channel(
    language: str = "it", *, fallback: bool = True, follows: Mapping[str, list[str]] | None = None
) -> Channel:
    following = Following(**{name: frozenset(words) for name, words in (follows or {}).items()})
    return Channel(uuid7(), language, fallback, following)


@pytest.mark.parametrize(
    ("told", "wanted", "meets"),
    [
        ([], [], True),
        (["primaria"], [], True),
        ([], ["primaria"], True),
        (["primaria"], ["primaria"], True),
        (["primaria", "nido"], ["nido"], True),
        (["primaria"], ["nido"], False),
        (["primaria"], ["Primaria"], False),
    ],
)
def test_an_empty_list_means_everyone_on_either_side(told: list[str], wanted: list[str], *, meets: bool) -> None:
    assert overlaps(told, frozenset(wanted)) is meets


@pytest.mark.parametrize("dimension", ["grades", "schools", "areas"])
@pytest.mark.parametrize(
    ("told", "wanted", "owed"),
    [([], [], True), (["a"], [], True), ([], ["a"], True), (["a"], ["a", "b"], True), (["a"], ["b"], False)],
)
def test_every_dimension_of_the_audience_decides(
    dimension: str, told: list[str], wanted: list[str], *, owed: bool
) -> None:
    notice = a_notice(audience={dimension: told})

    assert reaches(notice, a_channel(follows={dimension: wanted})) is owed


@pytest.mark.parametrize(
    ("follows", "owed"), [([], True), (["mensa"], True), (["mensa", "nidi"], True), (["nidi"], False)]
)
def test_a_channel_gets_the_services_it_follows(follows: list[str], *, owed: bool) -> None:
    assert reaches(a_notice(service="mensa"), a_channel(follows={"services": follows})) is owed


def test_one_dimension_that_does_not_meet_is_enough_to_leave_a_channel_out() -> None:
    elsewhere = {"grades": ["primaria"], "schools": ["La Spola"]}

    notice = a_notice(audience={**elsewhere, "areas": ["linea-7"]})

    assert reaches(notice, a_channel(follows={**elsewhere, "areas": ["linea-7"]}))
    assert not reaches(notice, a_channel(follows={**elsewhere, "areas": ["linea-4"]}))


@pytest.mark.parametrize(
    ("language", "fallback", "owed"),
    [("it", True, True), ("zh-Hans", True, True), ("zh-Hans", False, False), ("it", False, True)],
)
def test_a_channel_without_fallback_gets_only_its_own_language(language: str, *, fallback: bool, owed: bool) -> None:
    assert reaches(a_notice(), a_channel(language, fallback=fallback)) is owed
