# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The one registry of problem types: which error each is, and its words in the languages of the house."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from app.channels import InvalidChannelError
from app.domain import errors
from app.domain.errors import CampanellaError

IANA = "https://iana.org/assignments/http-problem-types#"
LANGUAGES = ("it", "en")
"""The first is spoken where a caller asks for none of them."""


class MethodNotAllowedError(CampanellaError):
    """This address does not know the method. Allow names those it knows."""

    problem, status = "method-not-allowed", 405


class InvalidBodyError(CampanellaError):
    """The body is readable but breaks a rule. Each entry of errors names the place."""

    problem, status = "invalid-body", 422


class InvalidCursorError(CampanellaError):
    """The cursor is damaged, too old, or belongs to another list. Begin again without it."""

    problem, status = "invalid-cursor", 400


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    meaning: str
    what_to_do: str


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One type: the error it is raised as, and what it is called and means in each language."""

    kind: type[CampanellaError]
    words: dict[str, Words]

    def uri(self, public: str) -> str:
        """Name the type by the address that explains it: ours, or that of the body which registered it."""
        slug = self.kind.problem
        return f"{IANA}{slug}" if slug in REGISTERED else f"{public}/problems/{slug}"


REGISTERED = frozenset({"quota-exceeded", "abnormal-usage-detected", "temporary-reduced-capacity"})
"""Types of the RateLimit draft; our page of the same name explains them, too."""
HERE: tuple[type[CampanellaError], ...] = (
    InvalidCursorError,
    MethodNotAllowedError,
    InvalidBodyError,
    InvalidChannelError,
)


def _kinds() -> Iterator[type[CampanellaError]]:
    """Every error that can be raised, one for each slug."""
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CampanellaError)]
    yield from {kind.problem: kind for kind in (*reversed(found), *HERE)}.values()


def _registry() -> dict[str, ProblemType]:
    texts: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    kinds = {kind.problem: kind for kind in _kinds()}
    return {slug: ProblemType(kinds[slug], _words(kinds[slug], told)) for slug, told in texts.items()}


def _words(kind: type[CampanellaError], told: dict[str, dict[str, str]]) -> dict[str, Words]:
    plain = {"meaning": kind.__doc__ or ""}
    return {language: Words(**{**plain, **told[language]}) for language in LANGUAGES}


TYPES = _registry()
