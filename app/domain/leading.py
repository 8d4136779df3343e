# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Where the links of a notice may lead: phishing through the official channel is the worst that a stolen key can do."""

from collections.abc import Collection

from app.domain.advice import linked
from app.domain.hosts import host_of, same_house
from app.domain.notice import Notice


def first_foreign(notice: Notice, hosts: Collection[str]) -> str | None:
    """Point to the first link or attachment that leads to none of these hosts nor to a name below one of them."""
    attached = [(f"#/attachments/{number}/href", each.href) for number, each in enumerate(notice.attachments)]
    leading = [*((pointer, href) for pointer, _, href in linked(notice)), *attached]
    return next((pointer for pointer, href in leading if not is_among(host_of(href), hosts)), None)


def is_among(host: str, hosts: Collection[str]) -> bool:
    """Whether a host is one of these, or below one."""
    return any(same_house(each, host) for each in hosts)
