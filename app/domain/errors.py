# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a caller can be told: each docstring is the sentence, each class carries its problem type and status."""

from collections.abc import Sequence
from typing import ClassVar


class CampanellaError(Exception):
    """The request cannot be carried out."""

    problem: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(
        self,
        detail: str = "",
        *,
        pointer: str | None = None,
        wait: int | None = None,
        violated: Sequence[str] = (),
        **members: object,
    ) -> None:
        """Say what is wrong, where (an RFC 6901 pointer into the body), and what else the answer should carry.

        `wait`: seconds after which trying again is of use. `violated`: the policies that stand against it.
        """
        self.detail = detail or (self.__doc__ or "")
        self.pointer = pointer
        self.wait = wait
        self.members = {**members, "violated-policies": list(violated)} if violated else members
        super().__init__(self.detail)


class MalformedBodyError(CampanellaError):
    """The body cannot be read as JSON."""

    problem, status = "malformed-body", 400


class InvalidParameterError(CampanellaError):
    """A parameter of the request is not valid."""

    problem, status = "invalid-parameter", 400


class UnauthenticatedError(CampanellaError):
    """The key is missing, unknown, expired or revoked."""

    problem, status = "unauthenticated", 401


class ForbiddenError(CampanellaError):
    """The key does not allow this."""

    problem, status = "forbidden", 403


class NotFoundError(CampanellaError):
    """There is nothing here, or the key may not see it."""

    problem, status = "not-found", 404


class EventExistsError(CampanellaError):
    """A notice with this event_id exists with other content. Amend it instead of sending it again."""

    problem, status = "event-exists", 409


class EqualTextError(CampanellaError):
    """A notice with the same text for the same audience was handed in within the last ten minutes."""

    problem, status = "equal-text", 409


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
    """The body, the address or the headers are larger than allowed."""

    problem, status = "too-large", 413


class UnsupportedMediaTypeError(CampanellaError):
    """The media type or content encoding is not accepted here."""

    problem, status = "unsupported-media-type", 415


class InvalidNoticeError(CampanellaError):
    """The body is readable but breaks a rule."""

    problem, status = "invalid-notice", 422


class UnfitNowError(InvalidNoticeError):
    """The body is readable but breaks a rule."""

    # One that settings, an administrator or the clock may lift: the same content may be welcome next time.


class UnknownServiceError(CampanellaError):
    """There is no such service."""

    problem, status = "unknown-service", 422


class UnavailableError(CampanellaError):
    """The service cannot do this now. Try again after the time named in Retry-After."""

    problem, status = "unavailable", 503


class NotSetUpError(CampanellaError):
    """This installation is not set up for this. Trying again is of no use until whoever runs it has seen to it."""

    problem, status = "not-set-up", 501


class InvalidHeaderError(CampanellaError):
    """A header of the request is not valid."""

    problem, status = "invalid-header", 400


class InvalidEventError(CampanellaError):
    """An attribute of the CloudEvent is missing or not valid."""

    problem, status = "invalid-event", 400


class IdempotencyKeyMissingError(CampanellaError):
    """This operation needs the header Idempotency-Key."""

    problem, status = "idempotency-key-missing", 400


class IdempotencyKeyInvalidError(CampanellaError):
    """Idempotency-Key is empty, repeated, too long, or holds a blank."""

    problem, status = "idempotency-key-invalid", 400


class IdempotencyKeyReusedError(CampanellaError):
    """This Idempotency-Key was used with other content."""

    problem, status = "idempotency-key-reused", 422


class RequestInProgressError(CampanellaError):
    """A request with the same Idempotency-Key has not ended yet."""

    problem, status = "request-in-progress", 409


class NotAcceptableError(CampanellaError):
    """Accept excludes every form in which this address answers."""

    problem, status = "not-acceptable", 406


class GoneError(CampanellaError):
    """This operation was retired on the date that had been announced."""

    problem, status = "gone", 410


class AddressTooLongError(TooLargeError):
    """The address of the request is longer than allowed."""

    status = 414


class HeadersTooLargeError(TooLargeError):
    """The headers of the request are larger than allowed."""

    status = 431


class PersonalDataError(CampanellaError):
    """The notice seems to hold personal data, which must not appear in a public channel."""

    problem, status = "personal-data", 422


class QuotaExceededError(CampanellaError):
    """The quota of this source is used up. The request was not counted."""

    problem, status = "quota-exceeded", 429


class AbnormalUsageError(CampanellaError):
    """Too many wrong keys come from this address."""

    problem, status = "abnormal-usage-detected", 429


class ReducedCapacityError(CampanellaError):
    """The load is too high, and this request can wait. Nothing was stored."""

    problem, status = "temporary-reduced-capacity", 503
