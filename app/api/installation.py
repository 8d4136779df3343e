# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whose installation this is, as its documents say it: the contract, the catalogue, security.txt."""

from dataclasses import dataclass
from typing import Any, Self
from uuid import NAMESPACE_URL, uuid5

from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Installation:
    """`public` is the address under which others reach it; `email` and `security` only where they were set."""

    public: str
    name: str
    page: str
    terms: str
    email: str | None = None
    security: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read it from the settings; what is not set leads to the documentation, never to an invented person."""
        public = str(settings.public_url).rstrip("/")
        return cls(
            public,
            settings.municipality,
            str(settings.contact_url or f"{public}/docs"),
            str(settings.terms_url or f"{public}/docs"),
            settings.contact_email,
            settings.security_contact,
        )

    @property
    def api_id(self) -> str:
        """A name of the API that stays as long as its address does."""
        return f"urn:uuid:{uuid5(NAMESPACE_URL, self.public + '/v1')}"

    @property
    def contact(self) -> dict[str, str]:
        known = {"name": self.name, "url": self.page, "email": self.email}
        return {name: value for name, value in known.items() if value is not None}

    @property
    def servers(self) -> list[dict[str, Any]]:
        """Say where the API is; one without TLS is marked as one to try things out with."""
        described = {"url": f"{self.public}/v1", "description": f"The installation of {self.name}."}
        return [described if self.public.startswith("https://") else {**described, "x-sandbox": True}]

    @property
    def reports_to(self) -> str:
        """Where to report a vulnerability."""
        return self.security or (f"mailto:{self.email}" if self.email else self.page)


EXAMPLE = Installation(
    "https://campanella.comune.example.it",
    "Comune",
    "https://campanella.comune.example.it/docs",
    "https://campanella.comune.example.it/docs",
)
"""The installation of which openapi.yaml at the root of the repository speaks."""
