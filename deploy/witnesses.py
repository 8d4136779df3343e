# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Everybody is asked once more: the API for what is owed, and whoever shows it for what is there."""

import asyncio
from urllib.parse import urlsplit

from deploy.account import Account, Post, landed, pushed, told
from deploy.campaign import Campaign


async def account_of(campaign: Campaign) -> Account:
    """Ask the API for the deliveries, and the sandboxes, boards and receivers for what they hold."""
    await asyncio.gather(*(campaign.look(each) for each in campaign.town.samples if each.event_id in campaign.ids))
    journal = await campaign.ask("GET", f"{campaign.sandbox}/sandbox/journal")
    owed = tuple(each for deliveries in campaign.deliveries.values() for each in deliveries)
    there = landed(journal, campaign.town.slugs_by_chat()) + await _on_the_boards(campaign)
    there += await _pushed(campaign) + await _told(campaign)
    return Account(sum(campaign.promised.values()), owed, there)


async def _on_the_boards(campaign: Campaign) -> tuple[Post, ...]:
    """Read what the boards show as any reader would, but only the notices of this run."""
    ours, api = set(campaign.ids.values()), campaign.api
    feeds = {each["slug"]: f"{api}/bacheca/{each['address']}/feed.json" for each in campaign.town.boards}
    shown = [(slug, item["url"]) for slug, url in feeds.items() for item in (await campaign.ask("GET", url))["items"]]
    return tuple((slug, urlsplit(url).path) for slug, url in shown if url.rpartition("/")[2] in ours)


async def _pushed(campaign: Campaign) -> tuple[Post, ...]:
    """Ask WeChat's sandbox what arrived with followers."""
    accounts = campaign.town.accounts
    sends = await campaign.ask("GET", f"{campaign.wechat}/sandbox/sends") if accounts else []
    tags = {each["slug"]: each["address"].partition(":")[2] for each in accounts}
    slugs = {int(tag) if tag else None: slug for slug, tag in tags.items()}
    known = [(owed.channel, name) for each in campaign.deliveries.values() for owed in each for name in owed.references]
    return pushed(sends, slugs, known)


async def _told(campaign: Campaign) -> tuple[Post, ...]:
    """Ask the receiver which events it was told of with a good signature."""
    events = await campaign.ask("GET", f"{campaign.receiver}/events") if campaign.town.hooks else []
    return tuple(post for hook in campaign.town.hooks for post in told(events, hook["slug"]))
