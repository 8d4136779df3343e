# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a notice says, as its source wrote it."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from app.domain.extent import MAX_EXTENT, extent
from app.domain.instant import checked_moment
from app.domain.links import checked_link, linked
from app.domain.markup import checked_markup, checked_plain_text
from app.domain.spelling import PRINTABLE, checked_plain_lines

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
MOMENT = (
    r"^2[01][0-9]{2}-(0[1-9]|1[0-2])-[0-3][0-9]T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""What a schema can tell of the moments that are taken: the form, and the years 2000 to 2199."""
SLUG = r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
EXERCISE = "[ESERCITAZIONE] "
"""What the titles of a test notice begin with, in every language."""
LANGUAGE = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$"


def _rfc3339(value: object) -> object:
    """Refuse what pydantic would read but RFC 3339 does not allow (a space for T, missing seconds, a number)."""
    if not isinstance(value, datetime) and not (isinstance(value, str) and RFC3339.fullmatch(value)):
        raise ValueError("write the time as 2026-11-27T11:30:00+01:00, with its offset")
    return value


SPELT: dict[str, Any] = {"pattern": PRINTABLE}
Slug = Annotated[str, Field(pattern=SLUG, max_length=64)]
LanguageTag = Annotated[str, Field(pattern=LANGUAGE, max_length=12)]
Instant = Annotated[
    AwareDatetime,
    Field(strict=False, json_schema_extra={"pattern": MOMENT, "description": "RFC 3339, 2000 to 2199."}),
    BeforeValidator(_rfc3339),
    AfterValidator(checked_moment),
]
Name = Annotated[str, Field(min_length=1, max_length=120, json_schema_extra=SPELT), AfterValidator(checked_plain_text)]
Line = Annotated[str, Field(min_length=1, max_length=300, json_schema_extra=SPELT), AfterValidator(checked_plain_text)]
ShortTitle = Annotated[
    str,
    Field(
        min_length=1,
        max_length=32,
        json_schema_extra=SPELT,
        description="For channels whose titles are short, such as WeChat's 32 signs.",
    ),
    AfterValidator(checked_plain_text),
]
Markup = Annotated[str, Field(min_length=1, max_length=16_000, json_schema_extra=SPELT), AfterValidator(checked_markup)]
GAPS = r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""What parts words. It is spelled out, since readers of patterns differ in what they take for blank."""
REST = rf"(:[0-9]{{1,5}})?([/?#][^{GAPS}<>]*)?$"
FetchUrl = Annotated[str, Field(max_length=2048, pattern=rf"^https://[A-Za-z0-9.-]+{REST}")]
LINK = rf"^https://([A-Za-z0-9_-]{{1,63}}\.)+[A-Za-z][A-Za-z0-9-]{{1,62}}{REST}"
HttpsUrl = Annotated[FetchUrl, Field(pattern=LINK), AfterValidator(checked_link)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Priority(StrEnum):
    """The lane a notice travels in, most urgent first."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


class Kind(StrEnum):
    INFO = "info"
    SERVICE_CHANGE = "service_change"
    DEADLINE = "deadline"
    DISRUPTION = "disruption"
    CLOSURE = "closure"
    ALERT = "alert"
    ALL_CLEAR = "all_clear"
    CORRECTION = "correction"


class DoubtPolicy(StrEnum):
    """What is done where nobody can tell whether a post arrived."""

    REPEAT = "repeat"
    HOLD = "hold"
    DROP = "drop"


class Text(Strict):
    """One language of a notice; the body is CommonMark without HTML, images or tables."""

    title: Annotated[
        str, Field(min_length=1, max_length=200, json_schema_extra=SPELT), AfterValidator(checked_plain_text)
    ]
    short_title: ShortTitle | None = None
    summary: (
        Annotated[str, Field(max_length=600, json_schema_extra=SPELT), AfterValidator(checked_plain_lines)] | None
    ) = None
    body: Markup | None = None
    what_to_do: list[Line] = Field(default_factory=list, max_length=12)


class Audience(Strict):
    """Whom a notice concerns beside its service; an empty list means everyone."""

    grades: list[Name] = Field(default_factory=list, max_length=20)
    schools: list[Name] = Field(default_factory=list, max_length=200)
    areas: list[Name] = Field(default_factory=list, max_length=200)


class Link(Strict):
    title: Name
    href: HttpsUrl


class Contact(Strict):
    label: Name
    phone: Annotated[str, Field(pattern=r"^[0-9+ ()./-]{3,30}$")] | None = None
    email: Annotated[str, Field(pattern=rf"^[^@{GAPS}<>]{{1,64}}@[A-Za-z0-9.-]{{3,190}}$")] | None = None
    hours: Name | None = None


class Attachment(Strict):
    """A picture or a PDF, fetched by us when the notice goes out: at once, or up to 10 minutes before its `publish_at`.

    A correction has it fetched again until the notice was first sent to a channel; where that fails, what was there
    before is shown. From then on an address keeps its content: what replaces it needs another address.
    """

    title: Name
    href: FetchUrl


class Notice(Strict):
    """One thing the public should know, as its source hands it in."""

    event_id: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
    service: Slug
    kind: Kind = Kind.INFO
    priority: Priority = Priority.NORMAL
    texts: dict[LanguageTag, Text] = Field(min_length=1, max_length=12)
    audience: Audience = Audience()
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    publish_at: Instant | None = None
    expires_at: Instant | None = None
    links: list[Link] = Field(default_factory=list, max_length=10)
    contacts: list[Contact] = Field(default_factory=list, max_length=5)
    attachments: list[Attachment] = Field(default_factory=list, max_length=10)
    supersedes: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")] | None = Field(
        default=None,
        description="The event_id of an earlier notice of the same source that this one replaces as a whole. Where the "
        "earlier one is posted, this one answers it; where this one is posted first, the earlier one never is.",
    )
    in_doubt: DoubtPolicy | None = None
    test: bool = Field(
        default=False,
        description="An exercise: shown in test channels and nowhere else. Its titles begin with `[ESERCITAZIONE] `.",
    )

    @model_validator(mode="after")
    def _times_are_in_order(self) -> Self:
        _in_order(self.valid_from, self.valid_until, "valid_until is before valid_from")
        _in_order(self.publish_at, self.expires_at, "expires_at is before publish_at")
        return self

    @model_validator(mode="after")
    def _an_exercise_says_so(self) -> Self:
        if self.test and not all(text.title.startswith(EXERCISE) for text in self.texts.values()):
            raise ValueError(f"the titles of a test notice begin with {EXERCISE}")
        return self

    @model_validator(mode="after")
    def _every_language_can_be_shown(self) -> Self:
        """Refuse at acceptance what no rendering would hold, never at delivery."""
        around = [link.title for link in self.links] + [linked(file.title, file.href)[0] for file in self.attachments]
        around += [f"{row.label} {row.phone} {row.email} {row.hours}" for row in self.contacts]
        for language, text in self.texts.items():
            if extent(text.body, [text.title, text.summary or "", *text.what_to_do, *around]) > MAX_EXTENT:
                raise ValueError(f"the text in {language} is too long for five posts; shorten it and link to the whole")
        return self

    @property
    def doubt_policy(self) -> DoubtPolicy:
        """Urgent notices are better twice than never; others wait for a person, unless the source says."""
        if self.in_doubt is not None:
            return self.in_doubt
        return DoubtPolicy.REPEAT if self.priority is Priority.URGENT else DoubtPolicy.HOLD


def _in_order(first: datetime | None, second: datetime | None, complaint: str) -> None:
    if first is not None and second is not None and second <= first:
        raise ValueError(complaint)
