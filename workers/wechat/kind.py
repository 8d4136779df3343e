# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""WeChat as a kind of channel: its quota, its rendering, its sender, its checks."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from app.domain.pace import Limits
from app.domain.quota import Quota
from app.outbox import ChannelKind
from app.scrub import hide_also
from app.settings import SettingsError
from app.vault import Vault
from app.wechat.settings import WeChatSettings, load_wechat
from workers.desk import Desk, Tools
from workers.media import contents
from workers.wechat import check
from workers.wechat.articles import Articles
from workers.wechat.client import Client
from workers.wechat.errors import CHINA
from workers.wechat.handing_in import HandingIn
from workers.wechat.kept import KIND, Kept
from workers.wechat.ledger import Ledger
from workers.wechat.preview import previewed
from workers.wechat.results import Results
from workers.wechat.sender import Options, Sender
from workers.wechat.sharing import Sharing
from workers.wechat.shown import House, languages, shown
from workers.wechat.taking_back import TakingBack
from workers.wechat.wire import Http

COVER = Path(__file__).parent / "cover.png"
LONGEST_AUTHOR = 16
LIMITS = Limits(per_second=1, channel_per_second=0, group_per_minute=0)
"""Sixty calls a minute are allowed."""
QUOTAS = {"service": Quota(1, 4, CHINA), "subscription": Quota(1, 0, CHINA), "publish": Quota(0, 0, CHINA)}
CALLS = 4
"""How many calls of the longest time one attempt may take."""


def desk(tools: Tools) -> Desk | None:
    """Set WeChat up, or give None where no account is named."""
    settings = load_wechat()
    if settings.app_id is None:
        return None
    if settings.secret is None:
        raise SettingsError("CAMPANELLA_WECHAT_SECRET is not set")
    hide_also(settings.secrets())
    http = Http(str(settings.api_url), settings.timeout)
    kept = Kept(tools.pool, Vault.of(tools.settings))
    client = Client(http, kept, settings.app_id, settings.secret.get_secret_value())
    return desk_of(tools, settings, client, tools.clock.now)


def desk_of(tools: Tools, settings: WeChatSettings, client: Client, now: Callable[[], datetime]) -> Desk:
    """Put the parts together; `now` is the moment by which quotas and rests are counted."""
    ledger, free = Ledger(tools.pool, QUOTAS[settings.account]), settings.account == "publish"
    cover = (settings.cover or COVER).read_bytes()
    house = _house(tools, settings)
    show, spoken = partial(shown, house=house), partial(languages, house=house)
    kind = ChannelKind(
        KIND, LIMITS, show, once_key=True, in_order=False, languages=spoken, cap=tools.cap(KIND), one_platform=True
    )
    options = Options(free, settings.choice == "person" and not free, 0.9 * CALLS * settings.timeout)
    articles = Articles(client, client.kept, cover, partial(contents, tools.pool))
    sharing, results = Sharing(ledger, kind, options.person_chooses), Results(client, ledger, settings.poll)
    sender = Sender(
        ledger=ledger,
        sharing=sharing,
        handing_in=HandingIn(client, articles, ledger, sharing, settings.poll, free, settings.repeat_after, now),
        results=results,
        taking_back=TakingBack(client, ledger, sharing, results, now, free=free),
        options=options,
        now=now,
    )
    inspect = partial(check.inspect, client, free=free)
    look, close, cost = partial(previewed, show), client.http.close, 0 if free else 1

    async def count() -> None:
        await ledger.count(now())

    counted, chosen = None if free else count, options.person_chooses
    return Desk(kind, sender.send, inspect, close, CALLS * settings.timeout, look, cost, counted, chosen)


def _house(tools: Tools, settings: WeChatSettings) -> House:
    """The author's line is the municipality's name where that is short enough; it is never cut."""
    municipality = tools.settings.municipality
    author = settings.author or (municipality if len(municipality) <= LONGEST_AUTHOR else "")
    wanted = tuple(settings.languages.replace(",", " ").split()) or ("it",)
    return House(wanted, municipality, author, tools.settings.timezone)
