# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every answer an operation can give: what it is for, and each problem."""

from typing import Any

from fastapi.routing import APIRoute

from app.api.document_headers import ALWAYS, LANGUAGE, LIMITS
from app.api.problem_types import InvalidBodyError, MethodNotAllowedError
from app.api.problems import MEDIA_TYPE, described
from app.domain import errors
from app.domain.errors import CampanellaError

Answer = dict[str, Any]
EXAMPLE = "https://campanella.comune.example.it"
PROBLEMS: dict[str, tuple[str, str, type[CampanellaError]]] = {
    "400": ("BadRequest", "The body is no JSON, or a parameter or header is wrong.", errors.InvalidParameterError),
    "401": ("Unauthenticated", "A valid key is needed.", errors.UnauthenticatedError),
    "403": ("Forbidden", "The key does not allow this.", errors.ForbiddenError),
    "404": ("NotFound", "There is no such thing, or the key may not see it.", errors.NotFoundError),
    "409": ("Conflict", "The present state does not allow this.", errors.StateConflictError),
    "412": ("PreconditionFailed", "It has changed since it was read.", errors.PreconditionFailedError),
    "413": ("TooLarge", "The body is larger than allowed.", errors.TooLargeError),
    "415": ("UnsupportedMediaType", "The media type or encoding is not accepted.", errors.UnsupportedMediaTypeError),
    "422": ("Unprocessable", "The body breaks a rule; errors names each place.", InvalidBodyError),
    "406": ("NotAcceptable", "Accept excludes application/json.", errors.NotAcceptableError),
    "428": ("PreconditionRequired", "If-Match is missing.", errors.PreconditionRequiredError),
    "429": ("TooManyRequests", "The quota is used up, or has no room for a whole batch.", errors.QuotaExceededError),
    "503": ("Unavailable", "Not possible now; send the same again later.", errors.UnavailableError),
    "default": (
        "Unexpected",
        "Any other problem, such as 405, or 500, which tells of no quota.",
        MethodNotAllowedError,
    ),
}
PLACED = {"Location": {"$ref": "#/components/headers/Location"}}
PLACELESS = frozenset({"report_leaked_key", "hand_in_batch", "enter_push"})
"""What makes nothing that has one address."""
REPLAYED = {"Idempotent-Replayed": {"$ref": "#/components/headers/Replayed"}}
VERSIONED: dict[int | str, dict[str, Any]] = {200: {"headers": {"ETag": {"$ref": "#/components/headers/Version"}}}}
"""For the routes whose answer carries the ETag of a notice."""
LISTED = {"ETag": {"$ref": "#/components/headers/ListVersion"}}
UNCHANGED: dict[str, Any] = {"description": "The copy that If-None-Match names still holds.", **VERSIONED[200]}
TAKEN = "AlreadyThere"
"""Of the 412 where nothing may be there, so that there is no version to tell."""
SPECIAL = {
    "401": {"WWW-Authenticate": {"$ref": "#/components/headers/Challenge"}},
    "412": {"ETag": {"$ref": "#/components/headers/Version"}},
    "429": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
    "503": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}},
}


def answers(
    route: APIRoute, made: dict[str, Answer], *, keyed: bool, takes_body: bool, is_kept: bool
) -> dict[str, Answer]:
    """Give the answers of one operation, the good ones first. `is_kept`: under an Idempotency-Key they are repeated."""
    good = {status: _good(status, made[status]) for status in sorted(made) if status[0] in "23"}
    for status, answer in good.items():
        placed = PLACED if status in ("201", "202") and route.name not in PLACELESS else {}
        answer["headers"] = {**answer["headers"], **placed, **(REPLAYED if is_kept else {})}
    if route.name.startswith("list_"):
        good["200"]["headers"].update(LISTED)
    own = {status for status in made if status in PROBLEMS and status != "422"}
    bad = {"400", "406", "429", "503", "default", *own}
    bad |= {"401", "403"} if keyed else set()
    bad |= {"413", "415", "422"} if takes_body else set()
    bad |= {"404"} if "{" in route.path else set()
    named = {status: PROBLEMS[status][0] for status in sorted(bad)}
    if "412" in named and "428" not in named:
        named["412"] = TAKEN
    return {**good, **{status: {"$ref": f"#/components/responses/{name}"} for status, name in named.items()}}


def shared_responses() -> dict[str, Answer]:
    shared = {name: _problem(status, text, error) for status, (name, text, error) in PROBLEMS.items()}
    taken = shared["PreconditionFailed"]
    told = {name: header for name, header in taken["headers"].items() if name not in SPECIAL["412"]}
    return {**shared, TAKEN: {**taken, "description": "There is one already.", "headers": told}}


def _good(status: str, made: Answer) -> Answer:
    only_noted = made["description"] == NOTED
    described = {"description": NOTED if only_noted else GOOD.get(status, made["description"])}
    headers = {**ALWAYS, **LIMITS, **made.get("headers", {})}
    content = {"content": made["content"]} if "content" in made else {}
    return {**described, "headers": headers, **content}


NOTED = "Noted; what came of it is not told."
"""For a 202 that stores nothing one could look at."""
GOOD = {
    "200": "As asked.",
    "201": "Made.",
    "202": "Stored, with everything it owes; where it stands now.",
    "204": "Done.",
}


def _problem(status: str, text: str, error: type[CampanellaError]) -> Answer:
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example(error)}
    limits = {} if status == "503" else LIMITS
    headers = {**ALWAYS, **limits, **LANGUAGE, **SPECIAL.get(status, {})}
    return {"description": text, "headers": headers, "content": {MEDIA_TYPE: content}}


def example(error: type[CampanellaError], language: str = "en") -> Answer:
    """Show a problem as it would be answered."""
    document = described(error(), EXAMPLE, language, "urn:uuid:0193a1b2-7c4d-7e8f-9a0b-1c2d3e4f5a6b")
    if error.status == InvalidBodyError.status:
        place = {"pointer": "#/name", "detail": "String should have at least 1 character", "rule": "string_too_short"}
        document["errors"] = [place]
    return document
