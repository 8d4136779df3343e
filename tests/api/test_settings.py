# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every setting missing or wrong, and a database that is away: one sentence and an exit code."""

import asyncio
import os
import sys

import pytest

from tests.api.calling import some_settings
from tests.api.typing_in import NOWHERE, Environment, Typed


@pytest.mark.parametrize("words", [("api", "--port", "0"), ("worker",)])
async def test_a_process_with_a_wrong_setting_ends_with_a_sentence_and_code_2(words: tuple[str, ...]) -> None:
    environment = {"PATH": os.environ["PATH"], "CAMPANELLA_DATABASE_URL": NOWHERE}

    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "app.cli", *words, env=environment, stderr=-1)
    _, complained = await asyncio.wait_for(process.communicate(), 60)

    assert (process.returncode, complained.decode()) == (2, "CAMPANELLA_REDIS_URL is not set\n")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({}, "CAMPANELLA_TELEGRAM_TOKEN is not set\n"),
        ({"CAMPANELLA_KINDS": "pigeon"}, "CAMPANELLA_KINDS: there is no kind 'pigeon'; there are telegram"),
    ],
)
async def test_a_worker_names_the_kind_of_channel_that_is_not_set_up(more: dict[str, str], sentence: str) -> None:
    given = {"CAMPANELLA_DATABASE_URL": NOWHERE, "CAMPANELLA_REDIS_URL": "redis://127.0.0.1", **more}
    environment = {"PATH": os.environ["PATH"], **given}

    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "workers", env=environment, stderr=-1)
    _, complained = await asyncio.wait_for(process.communicate(), 60)

    assert process.returncode == 2
    assert complained.decode().startswith(sentence)


WRONG_SETTINGS = {
    "no database": ({"CAMPANELLA_DATABASE_URL": None}, "CAMPANELLA_DATABASE_URL is not set"),
    "no Redis": ({"CAMPANELLA_REDIS_URL": None}, "CAMPANELLA_REDIS_URL is not set"),
    "another database": ({"CAMPANELLA_DATABASE_URL": "mysql://x/y"}, "CAMPANELLA_DATABASE_URL"),
    "no address": ({"CAMPANELLA_REDIS_URL": "localhost"}, "CAMPANELLA_REDIS_URL"),
    "a short key": ({"CAMPANELLA_ADMIN_KEY": "short"}, "CAMPANELLA_ADMIN_KEY: must have 32 characters at least"),
    "no token": ({"CAMPANELLA_TELEGRAM_TOKEN": "secret"}, "CAMPANELLA_TELEGRAM_TOKEN: is not a bot token"),
    "no Bot API": ({"CAMPANELLA_TELEGRAM_API_URL": "x"}, "CAMPANELLA_TELEGRAM_API_URL"),
    "a pace below zero": ({"CAMPANELLA_TELEGRAM_PER_SECOND": "-1"}, "CAMPANELLA_TELEGRAM_PER_SECOND"),
    "a pace that is none": ({"CAMPANELLA_TELEGRAM_CHAT_PER_SECOND": "fast"}, "CAMPANELLA_TELEGRAM_CHAT_PER_SECOND"),
    "half a send": ({"CAMPANELLA_TELEGRAM_GROUP_PER_MINUTE": "0.5"}, "CAMPANELLA_TELEGRAM_GROUP_PER_MINUTE"),
    "no time at all": ({"CAMPANELLA_TELEGRAM_TIMEOUT": "0"}, "CAMPANELLA_TELEGRAM_TIMEOUT"),
    "a lease shorter than a call": (
        {"CAMPANELLA_LEASE": "10"},
        "CAMPANELLA_LEASE must be longer than TELEGRAM_TIMEOUT",
    ),
    "a lease shorter than a webhook's": (
        {"CAMPANELLA_LEASE": "10", "CAMPANELLA_KINDS": "noticeboard,webhook"},
        "CAMPANELLA_LEASE must be longer than WEBHOOK_TIMEOUT",
    ),
    "a secret key that is none": ({"CAMPANELLA_SECRET_KEYS": "aW4="}, "CAMPANELLA_SECRET_KEYS: each key is 32 bytes"),
    "an endless webhook": ({"CAMPANELLA_WEBHOOK_TIMEOUT": "61"}, "CAMPANELLA_WEBHOOK_TIMEOUT"),
    "a webhook pace below zero": ({"CAMPANELLA_WEBHOOK_PER_SECOND": "-1"}, "CAMPANELLA_WEBHOOK_PER_SECOND"),
    "many workers": ({"CAMPANELLA_WORKERS": "1000"}, "CAMPANELLA_WORKERS"),
    "no time zone": ({"CAMPANELLA_TIMEZONE": "Europe/Prato"}, "CAMPANELLA_TIMEZONE: is not a time zone"),
    "no format": ({"CAMPANELLA_LOG_FORMAT": "xml"}, "CAMPANELLA_LOG_FORMAT"),
    "no public address": ({"CAMPANELLA_PUBLIC_URL": "campanella"}, "CAMPANELLA_PUBLIC_URL"),
    "no address to write to": ({"CAMPANELLA_CONTACT_EMAIL": "ufficio"}, "CAMPANELLA_CONTACT_EMAIL"),
    "no way to report": ({"CAMPANELLA_SECURITY_CONTACT": "the porter"}, "CAMPANELLA_SECURITY_CONTACT"),
    "no network": ({"CAMPANELLA_TRUSTED_PROXIES": "proxy"}, "CAMPANELLA_TRUSTED_PROXIES: is not a list of networks"),
    "a quota below zero": ({"CAMPANELLA_REQUESTS_PER_MINUTE": "-1"}, "CAMPANELLA_REQUESTS_PER_MINUTE"),
    "less than the law asks": (
        {"CAMPANELLA_KEEP_AUDIT_MONTHS": "5"},
        "CAMPANELLA_KEEP_AUDIT_MONTHS: must be 6 at least",
    ),
    "forgotten while a source may still repeat it": (
        {"CAMPANELLA_KEEP_NOTICES_MONTHS": "12"},
        "CAMPANELLA_KEEP_NOTICES_MONTHS: must be 13 at least: until then an event_id that comes again is known",
    ),
    "an example": ({"CAMPANELLA_ADMIN_KEY": "change-me-" * 4}, "CAMPANELLA_ADMIN_KEY: is an example"),
    "a short pepper": ({"CAMPANELLA_KEY_PEPPER": "secret"}, "CAMPANELLA_KEY_PEPPER: must have 32 characters"),
    "no directory": ({"CAMPANELLA_SECRETS_DIR": "/nowhere"}, "CAMPANELLA_SECRETS_DIR is not a directory"),
}


@pytest.mark.parametrize(("kinds", "lease"), [("webhook", 16), ("noticeboard", 1), ("wechat noticeboard", 1), ("", 61)])
def test_a_lease_outlasts_the_calls_of_the_kinds_that_are_named_and_no_others(kinds: str, lease: int) -> None:
    settings = some_settings(NOWHERE, "redis://127.0.0.1", kinds=kinds, lease=lease)

    assert [settings.lease_for(timeout) for timeout in (0.5, 80)] == [lease, 125]


@pytest.mark.parametrize(("changes", "sentence"), WRONG_SETTINGS.values(), ids=WRONG_SETTINGS)
async def test_a_setting_that_is_missing_or_wrong_is_named_at_the_start(
    typed: Typed, changes: dict[str, str | None], sentence: str
) -> None:
    settings = {"CAMPANELLA_DATABASE_URL": NOWHERE, "CAMPANELLA_REDIS_URL": "redis://127.0.0.1", **changes}
    environment = {name: value for name, value in settings.items() if value is not None}

    ended = await typed({"PATH": os.environ["PATH"], **environment}, "api", "--port", "0")

    assert (ended.code, ended.said) == (2, "")
    assert sentence in ended.complained
    assert "Traceback" not in ended.complained
    assert "secret" not in ended.complained


@pytest.mark.parametrize(
    "words",
    [("migrate",), ("source", "list"), ("source", "add", "mensa"), ("channel", "list"), ("operator", "add", "x")],
)
async def test_a_database_that_is_away_is_one_sentence(
    typed: Typed, environment: Environment, words: tuple[str, ...]
) -> None:
    ended = await typed({**environment, "CAMPANELLA_DATABASE_URL": NOWHERE}, *words)

    assert (ended.code, ended.said) == (3, "")
    assert ended.complained == "Postgres cannot be reached. Is CAMPANELLA_DATABASE_URL right?\n"
