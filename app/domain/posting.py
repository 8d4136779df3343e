# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a noticeboard shows of one notice: the text in the board's language and what stands around it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.domain.notice import Kind, Priority

PLACE = "/bacheca"
"""Where all boards are found, below the public address."""

State = Literal["current", "corrected", "withdrawn"]


class Kept(BaseModel):
    """What is stored is shown as it is: rules for what may come in may have become stricter since."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Titled(Kept):
    title: str
    href: str


class Office(Kept):
    label: str
    phone: str | None = None
    email: str | None = None
    hours: str | None = None


class Shown(Kept):
    """One notice on one board. `stamped_at`: when it was corrected or withdrawn; `supersedes`: an event_id."""

    state: State
    revision: int
    stamped_at: datetime | None
    code: str
    language: str
    title: str
    summary: str | None
    body: str | None
    what_to_do: tuple[str, ...]
    kind: Kind
    priority: Priority
    service: str
    service_name: str
    source_name: str
    grades: tuple[str, ...]
    schools: tuple[str, ...]
    areas: tuple[str, ...]
    valid_from: datetime | None
    valid_until: datetime | None
    expires_at: datetime | None
    links: tuple[Titled, ...]
    attachments: tuple[Titled, ...]
    contacts: tuple[Office, ...]
    supersedes: str | None

    @property
    def is_urgent(self) -> bool:
        return self.priority is Priority.URGENT

    @property
    def over_at(self) -> datetime | None:
        """When it holds no longer, where that is known."""
        return min(filter(None, (self.valid_until, self.expires_at)), default=None)


def path_of(board: str, notice: UUID | None = None) -> str:
    """Give the path of a board, or of one notice on it."""
    return f"{PLACE}/{board}" if notice is None else f"{PLACE}/{board}/avvisi/{notice}"
