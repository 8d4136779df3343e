# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a channel should show of a delivery: one message of articles, or, withdrawn, nothing."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.code import visible_code
from app.domain.delivery import Part
from app.domain.outcome import Refused
from app.outbox import Owed
from workers.wechat.render import Facts, Unfit, render

MOST_PICTURES = 10
WITHDRAWN = Part("withdrawn", "{}")


@dataclass(frozen=True, slots=True)
class House:
    """What every article has from the installation: languages in order, who says it, the author's line, the zone."""

    languages: tuple[str, ...]
    municipality: str
    author: str
    zone: str


def shown(owed: Owed, house: House) -> Sequence[Part] | Refused:
    """Give the message that shows the delivery as it should be."""
    if owed.progress.wanted is None:
        return [WITHDRAWN]
    pictures = _pictures(owed)
    facts = Facts(
        reference=visible_code(owed.notice_id),
        source_name=owed.source_name,
        municipality=house.municipality,
        service_name=owed.service_name,
        author=house.author,
        zone=house.zone,
        corrected_at=owed.changed_at if owed.revision > 1 and owed.shown is not None else None,
        pictures=tuple(pictures),
    )
    try:
        articles = render(owed.notice, languages(owed, house), facts)
    except Unfit as error:
        return Refused(str(error))
    members = {"articles": [article.as_json() for article in articles], "pictures": pictures}
    payload = json.dumps(members, ensure_ascii=False)
    return [Part(hashlib.sha256(payload.encode()).hexdigest()[:16], payload)]


def languages(owed: Owed, house: House) -> tuple[str, ...]:
    """The channel's language first; followers with a tag chose theirs and get no other."""
    if owed.address != "all":
        return (owed.language,)
    return tuple(dict.fromkeys((owed.language, *house.languages)))


def _pictures(owed: Owed) -> list[str]:
    hrefs = dict.fromkeys(one.href for one in owed.notice.attachments if owed.media.get(one.href) == "photo")
    return list(hrefs)[:MOST_PICTURES]
