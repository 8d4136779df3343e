# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The rows. Hot rows carry no foreign key to what they all share: its check would lock that row at every insert."""

from app.tables.administration import (
    Check,
    IdempotencyKey,
    Key,
    Question,
    Quota,
    Routing,
    Service,
    Source,
    TokenSeen,
    Worker,
)
from app.tables.alarms import Alarm
from app.tables.alerts import AlertMessage, BulletinDoubt, BulletinLevel
from app.tables.audit import Audit, AuditCheckpoint
from app.tables.board import Posting
from app.tables.callbacks import Call, Change, Endpoint
from app.tables.channels import Channel, Pace
from app.tables.publishing import Attempt, Countersign, Delivery, Media, Notice, Revision
from app.tables.pushes import Allowance, Callback, Choice, Kept, Push, Share
from app.tables.secrets import Secret

__all__ = [
    "Alarm",
    "AlertMessage",
    "Allowance",
    "Attempt",
    "Audit",
    "AuditCheckpoint",
    "BulletinDoubt",
    "BulletinLevel",
    "Call",
    "Callback",
    "Change",
    "Channel",
    "Check",
    "Choice",
    "Countersign",
    "Delivery",
    "Endpoint",
    "IdempotencyKey",
    "Kept",
    "Key",
    "Media",
    "Notice",
    "Pace",
    "Posting",
    "Push",
    "Question",
    "Quota",
    "Revision",
    "Routing",
    "Secret",
    "Service",
    "Share",
    "Source",
    "TokenSeen",
    "Worker",
]
