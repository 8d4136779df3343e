# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What an installation sets for WeChat: read once, from the environment (prefix CAMPANELLA_WECHAT_) or secret files."""

import base64
import binascii
import os
from typing import Annotated, Literal, Self

from pydantic import Field, FilePath, HttpUrl, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.settings import SettingsError

PREFIX = "CAMPANELLA_WECHAT_"
AES_KEY = 32


class WeChatSettings(BaseSettings):
    """An Official Account, what it may do, and how we use it; durations in seconds."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", secrets_dir=os.environ.get("CAMPANELLA_SECRETS_DIR")
    )

    app_id: Annotated[str, Field(pattern=r"^wx[0-9a-zA-Z]{8,30}$")] | None = None
    secret: SecretStr | None = None
    api_url: HttpUrl = HttpUrl("https://api.weixin.qq.com")
    account: Literal["service", "subscription", "publish"] = "service"
    choice: Literal["person", "automatic"] = "person"
    languages: str = "zh-Hans,it"
    author: Annotated[str, Field(max_length=16)] = ""
    cover: FilePath | None = None
    timeout: Annotated[float, Field(gt=0, le=120)] = 20.0
    poll: Annotated[float, Field(gt=0, le=3600)] = 15.0
    repeat_after: Annotated[float, Field(gt=0, le=600)] = 60.0
    callback_token: SecretStr | None = None
    callback_aes_key: SecretStr | None = None
    callback_plain: bool = False

    @field_validator("callback_aes_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_aes(value.get_secret_value()):
            raise ValueError("is not an EncodingAESKey of 43 letters and digits")
        return value

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.secret is not None and self.app_id is None:
            raise ValueError("APP_ID is needed with a SECRET")
        if self.callback_token is not None and self.callback_aes_key is None and not self.callback_plain:
            raise ValueError(
                "CALLBACK_AES_KEY is needed: letters in plain text are taken only with CALLBACK_PLAIN=true"
            )
        return self

    @property
    def is_set_up(self) -> bool:
        return self.app_id is not None

    def secrets(self) -> list[str]:
        """List what must never be written down."""
        given = (self.secret, self.callback_token, self.callback_aes_key)
        return [value.get_secret_value() for value in given if value is not None]


def _is_aes(text: str) -> bool:
    try:
        return len(base64.b64decode(text + "=", validate=True)) == AES_KEY
    except (binascii.Error, ValueError):
        return False


def load_wechat() -> WeChatSettings:
    """Read the settings, or raise SettingsError with a sentence for each that is wrong."""
    try:
        return WeChatSettings()
    except ValidationError as error:
        raise SettingsError("\n".join(map(_sentence, error.errors(include_input=False)))) from None


def _sentence(row: object) -> str:
    members = row if isinstance(row, dict) else {}
    words = str(members["msg"]).removeprefix("Value error, ")
    name = "_".join(str(part) for part in members["loc"]).upper()
    return f"{PREFIX}{name}: {words}" if name else PREFIX + words
