# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What an installation sets: read once, from the environment (prefix CAMPANELLA_) or a directory of secrets."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, FilePath, HttpUrl, SecretStr, UrlConstraints, ValidationError, model_validator
from pydantic_core import Url
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.domain.backoff import DOUBT_RESTS
from app.domain.public import objection_to
from app.setting_values import (
    Accounts,
    AlertZones,
    AuditMonths,
    BotToken,
    EncryptionKeys,
    HostNames,
    KeySetFile,
    LongSecret,
    Networks,
    NoticeMonths,
    TimeZone,
)


class SettingsError(Exception):
    """A setting is missing or wrong; the text names it."""


class Settings(BaseSettings):
    """All that can be set; durations in seconds, rates in sends per second or minute (0 = no limit)."""

    model_config = SettingsConfigDict(
        env_prefix="CAMPANELLA_", frozen=True, extra="ignore", secrets_dir=os.environ.get("CAMPANELLA_SECRETS_DIR")
    )

    database_url: Annotated[Url, UrlConstraints(allowed_schemes=["postgresql", "postgres"])]
    redis_url: Annotated[Url, UrlConstraints(allowed_schemes=["redis", "rediss"])]
    kinds: str = ""
    telegram_token: BotToken | None = None
    telegram_api_url: HttpUrl = HttpUrl("https://api.telegram.org")
    telegram_per_second: Annotated[float, Field(ge=0, le=1000)] = 30
    telegram_chat_per_second: Annotated[float, Field(ge=0, le=100)] = 1
    telegram_group_per_minute: Annotated[int, Field(ge=0, le=10_000)] = 20
    channel_per_day: Annotated[int, Field(ge=0, le=10_000)] = 0
    telegram_timeout: Annotated[float, Field(gt=0, le=600)] = 60
    telegram_operations_chat: str | None = None
    telegram_silent_below: Literal["urgent", "normal", "bulk"] = "urgent"
    fetch_exceptions: str = ""
    fetch_ca_file: FilePath | None = None
    secret_keys: EncryptionKeys | None = None
    alarm_urls: SecretStr | None = None
    webhook_timeout: Annotated[float, Field(gt=0, le=60)] = 15
    webhook_per_second: Annotated[float, Field(ge=0, le=1000)] = 5
    workers: Annotated[int, Field(ge=0, le=32)] = 1
    worker_port: Annotated[int, Field(ge=0, le=65_535)] = 9091
    worker_host: str = "127.0.0.1"
    lease: Annotated[float, Field(gt=0, le=3600)] | None = None
    admin_key: LongSecret | None = None
    admin_key_stays: bool = False
    key_pepper: LongSecret | None = None
    voucher_keys_file: KeySetFile | None = None
    voucher_keys_url: HttpUrl | None = None
    voucher_issuer: Annotated[str, Field(min_length=1, max_length=200)] = "interop.pagopa.it"
    voucher_audience: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    voucher_producer: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    public_url: HttpUrl = HttpUrl("http://127.0.0.1:8080")
    hosts: str = ""
    trusted_proxies: Networks = ""
    requests_per_minute: Annotated[int, Field(ge=0, le=1_000_000)] = 600
    requests_per_day: Annotated[int, Field(ge=0, le=100_000_000)] = 50_000
    second_person: bool = False
    equal_texts: Literal["accept", "refuse"] = "accept"
    wrong_keys_per_minute: Annotated[int, Field(ge=0, le=100_000)] = 60
    accessibility_url: HttpUrl | None = None
    health_patience: Annotated[float, Field(ge=0.1, le=10)] = 0.5
    shed_after: Annotated[float, Field(ge=0, le=60)] = 0.25
    keep_audit_months: AuditMonths = 24
    keep_notices_months: NoticeMonths = 13
    keep_attempts_days: Annotated[int, Field(ge=7, le=3660)] = 90
    contact_email: Annotated[str, Field(pattern=r"^[^@\s<>]{1,64}@[^@\s<>]{1,255}$")] | None = None
    contact_url: HttpUrl | None = None
    terms_url: HttpUrl | None = None
    security_contact: Annotated[str, Field(pattern=r"^(mailto:|https://|tel:)\S{3,300}$")] | None = None
    municipality: Annotated[str, Field(min_length=1, max_length=120)] = "Comune"
    timezone: TimeZone = "Europe/Rome"
    alert_zones: AlertZones = ""
    own_ibans: Accounts = ""
    official_hosts: HostNames = ""
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _lease_outlasts_the_call(self) -> Self:
        timeouts = {"telegram": self.telegram_timeout, "webhook": self.webhook_timeout}
        for kind in self.kinds.replace(",", " ").split() or ["telegram"]:  # the others get a longer lease by themselves
            if self.lease is not None and self.lease <= timeouts.get(kind, 0):
                longer = f"LEASE must be longer than {kind.upper()}_TIMEOUT"
                raise ValueError(f"{longer}: a worker must not be taken for dead while it calls")
        return self

    @model_validator(mode="after")
    def _vouchers_are_set_up_as_a_whole(self) -> Self:
        keys = [each for each in (self.voucher_keys_file, self.voucher_keys_url) if each]
        if len(keys) > 1:
            raise ValueError("VOUCHER_KEYS_FILE and VOUCHER_KEYS_URL are two places for one key set: set one of them")
        parts = (*keys, self.voucher_audience, self.voucher_producer)
        if any(parts) and not (keys and all(parts)):
            one = "VOUCHER_KEYS_FILE (or VOUCHER_KEYS_URL)"
            raise ValueError(f"{one}, VOUCHER_AUDIENCE and VOUCHER_PRODUCER are set together, or none is")
        reason = objection_to(str(self.voucher_keys_url), self.called_anyway) if self.voucher_keys_url else None
        if reason is not None:
            raise ValueError(f"VOUCHER_KEYS_URL: {reason}")
        return self

    @property
    def pepper(self) -> bytes | None:
        """What the digests of keys are made with, beside the keys."""
        return self.key_pepper.get_secret_value().encode() if self.key_pepper else None

    @property
    def audience(self) -> str:
        """Whom tokens for us must name."""
        return self.voucher_audience or f"{str(self.public_url).rstrip('/')}/v1"

    @property
    def called_anyway(self) -> frozenset[str]:
        """Hosts with ports that may be fetched from and called though they are no public ones."""
        return frozenset(each.strip() for each in self.fetch_exceptions.split(",") if each.strip())

    def lease_for(self, timeout: float) -> float:
        """The lease of a claim: the one that is set, or the whole call, half of it again, and room for the database."""
        return self.lease if self.lease is not None and self.lease > timeout else timeout * 1.5 + 5

    def spare_in_lease(self, timeout: float) -> float:
        """The seconds that a call is always over before its lease is: as long as a doubt rests, where there is room."""
        rests = DOUBT_RESTS.total_seconds()
        return rests if self.lease_for(timeout) >= timeout + 1.5 * rests else 0.0


def load() -> Settings:
    """Read the settings, or raise SettingsError with a sentence for each that is missing or wrong."""
    directory = os.environ.get("CAMPANELLA_SECRETS_DIR")
    if directory is not None and not Path(directory).is_dir():
        raise SettingsError("CAMPANELLA_SECRETS_DIR is not a directory")
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(row) for row in error.errors(include_input=False))) from None


def _sentence(row: Mapping[str, Any]) -> str:
    name = "CAMPANELLA_" + "_".join(str(part) for part in row["loc"]).upper() if row["loc"] else "CAMPANELLA_"
    if row["type"] == "missing":
        return f"{name} is not set"
    if not row["loc"]:
        return name + str(row["msg"]).removeprefix("Value error, ")
    return f"{name}: {str(row['msg']).removeprefix('Value error, ')}"
