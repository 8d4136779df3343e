# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a caller can be told: each docstring is the sentence, each class carries its problem type and status."""

from typing import ClassVar


class CampanellaError(Exception):
    """The request cannot be carried out."""

    problem: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(self, detail: str = "", *, pointer: str | None = None, **members: object) -> None:
        """Say what is wrong, where (an RFC 6901 pointer into the body), and what else the answer should carry."""
        self.detail = detail or (self.__doc__ or "")
        self.pointer = pointer
        self.members = members
        super().__init__(self.detail)


class MalformedBodyError(CampanellaError):
    """The body cannot be read as JSON."""

    problem, status = "malformed-body", 400


class InvalidParameterError(CampanellaError):
    """A query parameter or header is not valid."""

    problem, status = "invalid-parameter", 400


class UnauthenticatedError(CampanellaError):
    """The key is missing, unknown, expired or revoked."""

    problem, status = "unauthenticated", 401


class ForbiddenError(CampanellaError):
    """The key does not allow this."""

    problem, status = "forbidden", 403


class NotFoundError(CampanellaError):
    """There is no such thing here."""

    problem, status = "not-found", 404


class EventExistsError(CampanellaError):
    """A notice with this event_id exists with other content. Amend it instead of sending it again."""

    problem, status = "event-exists", 409


class StateConflictError(CampanellaError):
    """The present state does not allow this."""

    problem, status = "state-conflict", 409


class PreconditionFailedError(CampanellaError):
    """The thing has changed since it was read. Read it again and repeat the change."""

    problem, status = "precondition-failed", 412


class PreconditionRequiredError(CampanellaError):
    """A change must say which version it changes: send If-Match with the ETag that was read."""

    problem, status = "precondition-required", 428


class TooLargeError(CampanellaError):
    """The body is larger than allowed."""

    problem, status = "too-large", 413


class UnsupportedMediaTypeError(CampanellaError):
    """The media type or content encoding is not accepted here."""

    problem, status = "unsupported-media-type", 415


class InvalidNoticeError(CampanellaError):
    """The body is readable but breaks a rule."""

    problem, status = "invalid-notice", 422


class UnknownServiceError(CampanellaError):
    """There is no such service."""

    problem, status = "unknown-service", 422


class UnavailableError(CampanellaError):
    """The service cannot do this now. Try again after the time named in Retry-After."""

    problem, status = "unavailable", 503
