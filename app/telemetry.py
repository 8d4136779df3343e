# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Logs and metrics: what every part of Campanella imports to say what happened."""

import logging
import sys
import threading
from types import TracebackType
from typing import TextIO

import structlog
from structlog.contextvars import merge_contextvars
from structlog.typing import FilteringBoundLogger

from app.lines import OURS, Handler, Sink, guarded
from app.metrics import (
    ATTEMPT_SECONDS,
    ATTEMPTS,
    DOORBELLS,
    NOTICES,
    SETTLED,
    THROTTLED,
    UNCLASSIFIED,
    prepare_kinds,
)
from app.scrub import hide, secrets_of
from app.settings import Settings

__all__ = [
    "ATTEMPTS",
    "ATTEMPT_SECONDS",
    "DOORBELLS",
    "EVENTS",
    "NOTICES",
    "SETTLED",
    "THROTTLED",
    "UNCLASSIFIED",
    "configure",
    "log",
    "prepare_kinds",
]

EVENTS = {
    "api.started": "The API takes requests.",
    "api.stopped": "The API has answered its last request.",
    "request.served": "A request was answered; this is the access log.",
    "load.shed": "Notices were refused before they were read, because of the load.",
    "request.refused": "A request broke a rule: which one, never what was sent.",
    "request.failed": "A request met a fault of ours; the caller was told only that.",
    "access.granted": "A key was used for the first time since this process started.",
    "access.unread": "The keys of vouchers cannot be read; those of before are used.",
    "access.unsigned": "A call was not signed as its source signs, and was refused.",
    "access.ending": "The certificate that a source signs with ends within 30 days; each process says so once a day.",
    "access.refused": "A key was missing, unknown, expired, revoked, or does not allow this.",
    "key.created": "An access key was made and shown once.",
    "key.revoked": "An access key was taken back.",
    "audit.anchored": "Where the audit log ends: keep it elsewhere, and a missing end will be noticed.",
    "source.added": "A municipal system may hand in notices.",
    "source.changed": "A source has another name, or may speak of other services.",
    "service.changed": "A service was made or renamed.",
    "notice.accepted": "A notice was stored together with everything it owes.",
    "notice.replayed": "The same notice came again; nothing new is owed.",
    "notice.amended": "A notice has a new revision; what was posted will be corrected.",
    "notice.forgotten": "Notices are older than they are kept, and were deleted with all that hung on them.",
    "notice.approved": "A person let a text of a notice go out.",
    "notice.countersigned": "A second person, or one who broke the glass, let an urgent broadcast go.",
    "notice.withdrawn": "A notice was taken back; what was posted will say so.",
    "channel.added": "A channel was made.",
    "channel.changed": "A channel's address, language or audience was changed.",
    "channel.checked": "A channel was asked whether we may post to it.",
    "channel.paused": "A channel cannot be posted to until a person mends it; its deliveries wait.",
    "channel.resumed": "A paused channel is posted to again.",
    "secret.created": "A channel or a callback has a new secret to sign with, which was shown once.",
    "channel.retired": "A channel is no longer posted to.",
    "channel.moved": "A channel has a new address on its platform, and the deliveries follow.",
    "delivery.delivered": "A channel shows what it should.",
    "delivery.doubted": "A post may have arrived; the channel or the notice's policy will tell.",
    "delivery.due": "A doubted post goes out once more, or a notice waits for a person's word or its media.",
    "delivery.held": "Nobody can tell whether a post arrived; a person decides.",
    "delivery.decided": "A person decided what became of held deliveries.",
    "delivery.withdrawn": "A delivery is taken back or superseded: never posted, or shown as withdrawn.",
    "delivery.expired": "A delivery's time was over before all of it could be posted.",
    "delivery.dead": "A delivery was given up, with a reason; a person may redrive it.",
    "delivery.redriven": "A person gave a dead letter a fresh start.",
    "attempt.crashed": "A fault of ours ended an attempt; how far it got on the wire decides what follows.",
    "account.throttled": "A platform told us to slow down, which our pace should have prevented.",
    "operations.moved": "The operations chat has a new address, which the settings should say.",
    "account.away": "A platform answers nobody; one call asks now and then, and all deliveries to it wait meanwhile.",
    "account.back": "A platform answers again; what waited for it goes out at once.",
    "account.misconfigured": "A platform refuses our account, such as for a wrong token; nothing can be posted.",
    "answer.unclassified": "A platform answered something that no rule of ours knows.",
    "answer.refused": "A platform refused a call; its words hold the mark that its support asks for.",
    "quota.exhausted": "A platform's quota of pushes is used up; what waits for it is put off, and nothing is lost.",
    "callback.kept": "A platform told at our door what came of something of ours; whoever waits for it is woken.",
    "delivery.chosen": "A person chose whether a notice is worth a push.",
    "push.entered": "An operator entered a push that was made by hand on the platform's own site.",
    "push.unconfirmed": "An administrator has ten minutes left to confirm a push in the platform's own app.",
    "media.fetched": "A picture or document of a notice was fetched, to be posted with it.",
    "media.failed": "A picture or document was not to be had; at last a link goes out, or what was there before.",
    "callback.added": "A source has another address at which it wants to be told what becomes of its notices.",
    "callback.changed": "What a callback is told was changed, or it was let go on.",
    "callback.retired": "A callback is not called any more, as its source wishes.",
    "callback.asked": "A receiver was asked whether it wants to be called.",
    "callback.delivered": "A receiver took a call.",
    "callback.failed": "A receiver did not take a call; it is tried again on the published schedule.",
    "callback.disabled": "A callback is not called any more: its receiver is gone, or failed for days.",
    "callback.replayed": "Calls of a callback are made once more, as a person wishes.",
    "bulletin.doubted": "A part of a bulletin could not be read; the rest was told, and a person should look.",
    "alarm.sent": "The operators were told of something that waits for them.",
    "alarm.failed": "An alarm did not reach the operators; it is sent again.",
    "outcome.lost": "An outcome could not be written down, by a fault of ours; its attempt counts as one without any.",
    "delivery.broken": "A delivery could not be read or made into posts, by a fault of ours; it is given up.",
    "transaction.ended": "A process stood still in a transaction and kept the others waiting; it was ended.",
    "lease.lapsed": "A worker vanished in the middle of its work; what it had begun is in doubt.",
    "turn.failed": "A worker's turn broke off; the next one takes up what is left.",
    "doorbell.lost": "The workers could not be rung for; they look by themselves within a second.",
    "entry.broken": "A notice cannot be shown on a noticeboard, by a fault of ours; it is left out, and nothing else.",
    "rendering.failed": "A kind of channel could not render a notice for a preview; that is a fault of ours.",
    "worker.started": "A worker looks for work.",
    "worker.listening": "A worker answers /livez, /readyz and /metrics on a port of its own.",
    "worker.unheard": "A worker found no free port to answer on; it works all the same.",
    "worker.stopped": "A worker has finished what it had begun.",
    "worker.stuck": "A worker that was told to end could not, by a fault of ours; it ended all the same.",
    "database.away": "Postgres does not answer: nothing is accepted and nothing is delivered until it does.",
    "database.back": "Postgres answers again.",
    "migration.waiting": "Somebody holds a table that a migration changes: it let the others pass, and tries again.",
    "redis.away": "Redis does not answer: work goes on, at most a second later.",
    "redis.back": "Redis answers again.",
    "process.crashed": "An exception that nobody caught.",
    "log.unreadable": "A library logged something that cannot be shown.",
}
"""Every event that can be logged, and what it says; deploy/log-events.md tells more of each."""

log: FilteringBoundLogger = structlog.get_logger(OURS)
QUIET = {"arq": logging.WARNING, "uvicorn.access": logging.CRITICAL, "sqlalchemy": logging.WARNING}
"""arq tells of every ring, and our own access log is request.served."""
LIBRARIES = ("uvicorn", "uvicorn.error", "aiogram", "alembic", "asyncio")
"""Loggers that may have been given handlers of their own."""


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Send all logs of this process through one scrubbed chain to the stream, by default standard error."""
    hide(secrets_of(settings))
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    handler = Handler(stream or sys.stderr, settings.log_format)
    sink = Sink(handler)
    structlog.configure(
        processors=[merge_contextvars, guarded(handler.chain)],
        logger_factory=lambda *_: sink,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    logging.root.handlers = [handler]
    # At debug libraries print what they send, contents and credentials included: only our own logger goes there.
    logging.root.setLevel(max(level, logging.INFO))
    for name in (*LIBRARIES, *QUIET):
        _route(logging.getLogger(name), QUIET.get(name, logging.NOTSET))
    _catch_the_uncaught()


def _route(logger: logging.Logger, level: int) -> None:
    logger.handlers, logger.propagate, logger.disabled = [], True, False
    logger.setLevel(level)


def _catch_the_uncaught() -> None:
    """Without this, Python prints tracebacks to the terminal, past the scrubber."""
    logging.captureWarnings(capture=True)
    sys.excepthook = _crashed
    sys.unraisablehook = lambda what: _crashed(what.exc_type, what.exc_value, what.exc_traceback)
    threading.excepthook = lambda what: _crashed(what.exc_type, what.exc_value, what.exc_traceback)


def _crashed(kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    log.critical("process.crashed", exc_info=(kind, error or kind(), traceback))
