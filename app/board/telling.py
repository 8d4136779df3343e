# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is said of a notice, in the words of its board: labels, sentences with dates, addresses."""

from dataclasses import dataclass, replace
from datetime import datetime

from app.board.boards import Board
from app.board.entry import Entry
from app.board.markup import plain
from app.board.places import Places
from app.board.words import Words, words_for
from app.domain import words as domain_words
from app.domain.when import stamped, when

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Telling:
    """The words, the clock and the addresses of one board."""

    board: Board
    places: Places
    zone: str
    municipality: str

    @property
    def words(self) -> Words:
        return words_for(self.board.language)

    @property
    def _dates(self) -> domain_words.Words:
        return domain_words.words_for(self.words.tag)

    def kind(self, entry: Entry) -> str:
        return self.words.kinds[entry.shown.kind.value]

    def when(self, entry: Entry) -> str:
        """Say from when until when it holds, with the year: boards are printed, and have an archive."""
        dates = replace(self._dates, date=self._dates.dated)
        return when(entry.shown.valid_from, entry.shown.valid_until, self.zone, dates)

    def published(self, entry: Entry) -> str:
        return self.moment(self.words.published_at, entry.posted_at)

    def moment(self, sentence: str, at: datetime) -> str:
        """Fill a sentence that has places for a date and a time."""
        return stamped("", sentence, at, self.zone, self._dates)

    def standing(self, entry: Entry) -> str:
        """Say in a sentence, with the time, what has become of it; nothing where it is as it was."""
        dates, at = self._dates, entry.shown.stamped_at
        if entry.shown.state == "withdrawn":
            return stamped(dates.withdrawn, dates.withdrawn_at, at, self.zone, dates)
        if entry.standing == "superseded" and entry.newer is not None:
            return f"{self.words.superseded}{dates.colon}{entry.newer.title}"
        return stamped(dates.corrected, dates.corrected_at, at, self.zone, dates) if at else ""

    def original(self, entry: Entry) -> str:
        """Say that the text is in another language than the board, where it is."""
        given, wanted = entry.shown.language, self.board.language
        if given.partition("-")[0] == wanted.partition("-")[0]:
            return ""
        names = {"language": given, "wanted": wanted}
        return self.words.original.format(
            **{name: domain_words.name_of(tag, self._dates) for name, tag in names.items()}
        )

    def title(self, entry: Entry) -> str:
        """Give the title as programs show it: with what has become of the notice in front."""
        said = self.words
        mark = {"withdrawn": said.withdrawn, "superseded": said.replaced, "corrected": said.corrected}.get(
            entry.standing
        )
        return f"{mark.upper()}{self._dates.colon}{entry.shown.title}" if mark else entry.shown.title

    def file(self, entry: Entry, href: str) -> str:
        """Say what an attachment is and how large; nothing where that is not known."""
        file = entry.files.get(href)
        if file is None:
            return ""
        said = self.words
        sort = said.picture.format(sort=file.name) if file.is_picture else said.document.format(sort=file.name)
        large = file.size >= MEGABYTE
        number = f"{file.size / MEGABYTE:.1f}".replace(".", said.comma) if large else f"{-(-file.size // 1000)}"
        return f"{sort}, {number} {'MB' if large else 'kB'}"

    def signature(self, entry: Entry) -> str:
        return " · ".join(dict.fromkeys(filter(None, (self.municipality, entry.shown.source_name))))

    def link(self, entry: Entry) -> str:
        return self.places.whole(self.places.notice(self.board.place, entry.notice))

    def text(self, entry: Entry) -> str:
        """Give all that is said as plain text, a withdrawn text left out."""
        return "\n\n".join(filter(None, self._lines(entry)))

    def _lines(self, entry: Entry) -> list[str]:
        shown, dates = entry.shown, self._dates
        head = [self.standing(entry), self.original(entry)]
        if entry.shown.state == "withdrawn":
            return [*head, self.words.withdrawn_what, self.signature(entry)]
        period = self.when(entry)
        steps = [f"- {step}" for step in shown.what_to_do]
        return [
            *head,
            shown.summary or "",
            plain(shown.body) if shown.body else "",
            "\n".join([self.words.what_to_do + dates.colon.rstrip(), *steps]) if steps else "",
            f"{self.words.when}{dates.colon}{period}" if period else "",
            "\n".join(f"{link.title}: {link.href}" for link in (*shown.links, *shown.attachments)),
            self.signature(entry),
        ]
