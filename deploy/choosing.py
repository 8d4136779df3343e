# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The person of the demo who says what is worth one of the few pushes of WeChat."""

from typing import Any

from deploy.campaign import CONFLICT, Campaign

MESSAGE = 8
"""Articles that one push holds."""


async def choose(campaign: Campaign) -> None:
    """Choose whatever asks, once all of a channel has asked: together it costs one push."""
    town = campaign.town
    if not town.accounts or len(campaign.ids) < len(town.samples):
        return
    waiting = (await campaign.as_admin("GET", "/v1/choices"))["items"]
    owed = [each for deliveries in campaign.deliveries.values() for each in deliveries if each.is_open]
    for account in town.accounts:
        mine = [each for each in waiting if each["channel"]["slug"] == account["slug"]]
        if len(mine) == sum(each.channel == account["slug"] for each in owed):
            for together in in_messages(mine):
                chosen = {"deliveries": together, "choice": "send"}
                await campaign.as_admin("POST", "/v1/choices", chosen, unless=CONFLICT)


def in_messages(waiting: list[dict[str, Any]]) -> list[list[int]]:
    """Put deliveries together that fit into one message."""
    messages: list[list[int]] = []
    room = 0
    for each in waiting:
        if each["articles"] > room:
            messages.append([])
            room = MESSAGE
        messages[-1].append(each["delivery_id"])
        room -= each["articles"]
    return messages
