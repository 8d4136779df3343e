# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The few words that we put around what an authority says; never an advice, never a judgement."""

from dataclasses import dataclass

from app.alerts.colour import Colour


@dataclass(frozen=True, slots=True)
class Words:
    colour: str
    colours: tuple[str, str, str, str]
    severity: str
    severities: dict[str, str]
    areas: str
    source: str
    contact: str
    cancelled: str
    cancelled_by: str
    page: str
    between: str = ", "


ITALIAN = Words(
    colour="Colore: {}",
    colours=("verde", "giallo", "arancione", "rosso"),
    severity="Gravità: {}",
    severities={"Extreme": "estrema", "Severe": "severa", "Moderate": "moderata", "Minor": "lieve"},
    areas="Zone: {}",
    source="Fonte: {}",
    contact="Contatti: {}",
    cancelled="Allerta revocata: {}",
    cancelled_by="L'ente che l'aveva emessa ha revocato questa allerta.",
    page="Pagina ufficiale dell'allerta",
)
ENGLISH = Words(
    colour="Colour: {}",
    colours=("green", "yellow", "orange", "red"),
    severity="Severity: {}",
    severities={"Extreme": "extreme", "Severe": "severe", "Moderate": "moderate", "Minor": "minor"},
    areas="Areas: {}",
    source="Source: {}",
    contact="Contact: {}",
    cancelled="Alert cancelled: {}",
    cancelled_by="The authority that had issued this alert has cancelled it.",
    page="Official page of the alert",
)
CHINESE = Words(
    colour="颜色：{}",
    colours=("绿色", "黄色", "橙色", "红色"),
    severity="严重程度：{}",
    severities={"Extreme": "极严重", "Severe": "严重", "Moderate": "中等", "Minor": "轻微"},
    areas="地区：{}",
    source="来源：{}",
    contact="联系方式：{}",
    cancelled="警报已解除：{}",
    cancelled_by="发布机构已解除此警报。",
    page="警报官方页面",
    between="、",
)


def words_for(language: str) -> Words:
    """Give the words of a language; English where we have none."""
    return {"it": ITALIAN, "zh": CHINESE}.get(language.partition("-")[0], ENGLISH)


def named(colour: Colour, words: Words) -> str:
    return words.colours[colour]
