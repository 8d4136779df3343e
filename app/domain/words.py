# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Our own words in a post, by language; everything else in it is the source's."""

from dataclasses import dataclass, replace
from functools import lru_cache

from babel import Locale, UnknownLocaleError


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences in the language `speaks`, with places in braces, and patterns of dates and times for a `locale`."""

    speaks: str
    locale: str
    date: str
    dated: str
    stamp: str
    clock: str
    summer: str
    winter: str
    moment: str
    within: str
    within_from: str
    within_until: str
    span: str
    since: str
    until: str
    what_to_do: str
    when: str
    colon: str
    preview: str
    original: str
    corrected: str
    corrected_at: str
    withdrawn: str
    withdrawn_at: str
    taken_out: str


ITALIAN = Words(
    speaks="it",
    locale="it",
    date="EEEE d MMMM",
    dated="EEEE d MMMM y",
    stamp="d MMMM y",
    clock="H.mm",
    summer="{time} (ora legale)",
    winter="{time} (ora solare)",
    moment="{day} alle {time}",
    within="{day}, {start}-{end}",
    within_from="{day}, dalle {start}",
    within_until="{day}, fino alle {end}",
    span="da {start} a {end}",
    since="da {start}",
    until="entro {end}",
    what_to_do="Cosa fare",
    when="Quando",
    colon=": ",
    preview="ANTEPRIMA: questo avviso non è ancora pubblicato",
    original="Questo avviso non è disponibile in italiano: segue il testo originale in {language}.",
    corrected="Avviso corretto",
    corrected_at="Corretto il {date} alle {time}",
    withdrawn="AVVISO RITIRATO",
    withdrawn_at="AVVISO RITIRATO, alle {time} del giorno {date}",
    taken_out="Un allegato mostrato qui non fa più parte dell'avviso.",
)

ENGLISH = Words(
    speaks="en_GB",
    locale="en_GB",
    date="EEEE d MMMM",
    dated="EEEE d MMMM y",
    stamp="d MMMM y",
    clock="H:mm",
    summer="{time} (summer time)",
    winter="{time} (winter time)",
    moment="{day} at {time}",
    within="{day}, {start}–{end}",
    within_from="{day}, from {start}",
    within_until="{day}, until {end}",
    span="from {start} to {end}",
    since="from {start}",
    until="by {end}",
    what_to_do="What to do",
    when="When",
    colon=": ",
    preview="PREVIEW: this notice has not been published yet",
    original="This notice is not available in {wanted}: the original text in {language} follows.",
    corrected="Notice corrected",
    corrected_at="Corrected on {date} at {time}",
    withdrawn="NOTICE WITHDRAWN",
    withdrawn_at="NOTICE WITHDRAWN, at {time} on {date}",
    taken_out="An attachment shown here is no longer part of the notice.",
)

SIMPLIFIED_CHINESE = Words(
    speaks="zh_Hans",
    locale="zh_Hans",
    date="M月d日（EEEE）",
    dated="y年M月d日（EEEE）",
    stamp="y年M月d日",
    clock="H:mm",
    summer="{time}（夏令时）",
    winter="{time}（冬令时）",
    moment="{day}{time}",
    within="{day}{start}–{end}",
    within_from="{day}{start}起",
    within_until="{day}{end}前",
    span="{start}至{end}",
    since="{start}起",
    until="{end}截止",
    what_to_do="怎么办",
    when="时间",
    colon="：",
    preview="【预览】本通知尚未发布",
    original="此通知暂无中文版，以下为{language}原文。",
    corrected="本通知已更正",
    corrected_at="本通知已于{date}{time}更正",
    withdrawn="【已撤回】本通知已撤回",
    withdrawn_at="【已撤回】本通知已于{date}{time}撤回",
    taken_out="此处显示的一个附件已不属于本通知。",
)

TRADITIONAL_CHINESE = replace(
    SIMPLIFIED_CHINESE,
    speaks="zh_Hant",
    locale="zh_Hant",
    summer="{time}（夏令時間）",
    winter="{time}（冬令時間）",
    what_to_do="怎麼辦",
    when="時間",
    preview="【預覽】本通知尚未發布",
    original="此通知暫無中文版，以下為{language}原文。",
    taken_out="此處顯示的一個附件已不屬於本通知。",
)

_TRADITIONAL = ("zh-Hant", "zh-TW", "zh-HK", "zh-MO")


@lru_cache(maxsize=64)
def words_for(language: str) -> Words:
    """The words for a language tag; where we have none, English words around dates in that language."""
    if language.startswith(_TRADITIONAL):
        return TRADITIONAL_CHINESE
    ours = {"it": ITALIAN, "en": ENGLISH, "zh": SIMPLIFIED_CHINESE}
    primary = language.partition("-")[0]
    return ours.get(primary) or _foreign(language)


def _foreign(language: str) -> Words:
    locale = _locale(language)
    if locale is None:
        return ENGLISH
    return replace(ENGLISH, locale=str(locale), date="full", dated="full", stamp="long", clock="short")


def name_of(language: str, words: Words) -> str:
    """What a language is called in the words' own language; its tag where nobody has a name for it."""
    return str(Locale.parse(words.speaks).languages.get(language.partition("-")[0], language))


def _locale(language: str) -> Locale | None:
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return None
