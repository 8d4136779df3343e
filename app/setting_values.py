# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a setting may be, where a type and bounds do not say it all; each refusal completes "CAMPANELLA_...: "."""

import base64
import binascii
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, FilePath, SecretStr

from app.alerts.zones import zones_of
from app.domain.hosts import hosts_listed
from app.domain.personal import accounts_in
from app.jwks import keys_in
from app.networks import networks

SHORTEST_KEY = 32
LEGAL_MONTHS = 6
"""For which the acts of administrators are kept at least (Garante, 27 November 2008)."""
KNOWN_MONTHS = 13
"""Of 31 days, more than 400 in all: for which an event that comes again must be known (checklist, line 2.12)."""
SECRET_KEY = 32
EXAMPLE = re.compile(
    r"(?i)change.?me|replace.?me|example|esempio|placeholder|:ABC-DEF|^(.)\1*$|(0123456789|abcdefghij){2}"
)
"""What stands in documentation in place of a secret."""
TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{10,100}")


def _like_a_token(value: SecretStr) -> SecretStr:
    if not TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("is not a bot token; it looks like 123456789:ABC-DEF...")
    return value


def _strong(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < SHORTEST_KEY:
        raise ValueError(f"must have {SHORTEST_KEY} characters at least")
    return value


def _no_example(value: SecretStr) -> SecretStr:
    if EXAMPLE.search(value.get_secret_value()):
        raise ValueError("is an example that everybody knows")
    return value


def _keys(value: SecretStr) -> SecretStr:
    if not all(map(_is_a_secret_key, value.get_secret_value().replace(",", " ").split())):
        raise ValueError("each key is 32 bytes in base64")
    return value


def _is_a_secret_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == SECRET_KEY
    except (binascii.Error, ValueError):
        return False


def _legal(value: int) -> int:
    if value < LEGAL_MONTHS:
        raise ValueError(f"must be {LEGAL_MONTHS} at least: the law asks for that")
    return value


def _long_enough(value: int) -> int:
    if value < KNOWN_MONTHS:
        raise ValueError(f"must be {KNOWN_MONTHS} at least: until then an event_id that comes again is known")
    return value


def _a_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("is not a time zone such as Europe/Rome")
    return value


def _read_by(reader: Callable[[str], object]) -> AfterValidator:
    """Take what its reader can read, as it was written."""

    def checked(value: str) -> str:
        reader(value)
        return value

    return AfterValidator(checked)


def _a_key_set(path: Path) -> Path:
    try:
        keys_in(path.read_text(encoding="utf-8"))
    except OSError:
        raise ValueError("cannot be read") from None
    return path


BotToken = Annotated[SecretStr, AfterValidator(_like_a_token), AfterValidator(_no_example)]
LongSecret = Annotated[SecretStr, AfterValidator(_strong), AfterValidator(_no_example)]
EncryptionKeys = Annotated[SecretStr, AfterValidator(_keys)]
AuditMonths = Annotated[int, Field(le=240), AfterValidator(_legal)]
NoticeMonths = Annotated[int, Field(le=240), AfterValidator(_long_enough)]
TimeZone = Annotated[str, AfterValidator(_a_zone)]
Networks = Annotated[str, _read_by(networks)]
AlertZones = Annotated[str, _read_by(zones_of)]
Accounts = Annotated[str, _read_by(accounts_in)]
KeySetFile = Annotated[FilePath, AfterValidator(_a_key_set)]
HostNames = Annotated[str, _read_by(hosts_listed)]
