# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the demo shows: each notice and how far it is in each channel, live where there is a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from deploy.account import STATES, Account, Owed
from deploy.terminal import CONSOLE, tell
from deploy.town import Sample, Town

SIGNS = {
    "delivered": ("✓", "green"),
    "due": ("…", "yellow"),
    "in_doubt": ("?", "yellow"),
    "held": ("hold", "magenta"),
    "expired": ("late", "red"),
    "withdrawn": ("–", "blue"),
    "dead": ("✗", "red"),
}
LANES = {"urgent": "bold red", "normal": "default", "bulk": "dim"}


@dataclass
class Board:
    """The notices down, the channels across; without a terminal, a line for each thing that happens."""

    town: Town
    states: dict[tuple[str, str], str] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        columns = (TextColumn("delivered"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, console=CONSOLE)
        self.task = self.progress.add_task("delivered", total=0)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw while something happens."""
        if not CONSOLE.is_terminal:
            yield
            return
        with Live(console=CONSOLE, get_renderable=self.render, refresh_per_second=8, vertical_overflow="visible"):
            yield

    def accept(self, sample: Sample, promised: int) -> None:
        self.accepted[sample.event_id] = promised
        self.progress.update(self.task, total=sum(self.accepted.values()))
        self.say(f"accepted   {sample.event_id:<30} from {sample.source}, for {promised} channels")

    def see(self, sample: Sample, deliveries: Iterable[Owed]) -> None:
        """Take in what the API says of a notice now."""
        for owed in deliveries:
            before = self.states.get((owed.event_id, owed.channel), "due")
            self.states[owed.event_id, owed.channel] = owed.state
            if owed.state != before:
                self.say(f"{owed.state:<10} {owed.event_id:<30} in {owed.channel}: {sample.title}")
        done = sum(state in ("delivered", "withdrawn") for state in self.states.values())
        self.progress.update(self.task, completed=done)

    def render(self) -> Group:
        table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
        table.add_column("notice", ratio=1, no_wrap=True, overflow="ellipsis")
        for name in ("api", *self.town.slugs()):
            table.add_column(name, justify="center", no_wrap=True, min_width=len(name))
        for sample in self.town.samples:
            cells = [self._cell(sample, slug) for slug in self.town.slugs()]
            table.add_row(Text(sample.title, style=LANES[sample.lane]), self._mark(sample), *cells)
        return Group(table, self.progress)

    def _mark(self, sample: Sample) -> str:
        return "[green]202[/]" if sample.event_id in self.accepted else ""

    def _cell(self, sample: Sample, slug: str) -> Text:
        sign, colour = SIGNS.get(self.states.get((sample.event_id, slug), ""), ("", "default"))
        return Text(sign, style=colour)

    def say(self, line: str) -> None:
        """Tell of something that happens, where nothing is drawn."""
        if not CONSOLE.is_terminal:
            tell(line)


def tell_account(account: Account, town: Town) -> None:
    """Say what was accepted and what became of it, by lane and by channel, exactly."""
    table = Table("", "accepted", *STATES, box=None, pad_edge=False, show_footer=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for lane in LANES:
        _add_row(table, lane, account.states(lane=lane))
    table.add_row()
    for slug in town.slugs():
        _add_row(table, slug, account.states(channel=slug))
    table.add_row()
    table.add_row("all", str(account.promised), *(str(account.states()[state]) for state in STATES))
    CONSOLE.print(table)
    tell(" + ".join(f"{account.states()[state]} {state}" for state in STATES) + f" = {account.promised} accepted")
    tell(f"The channels hold {len(account.landed)} posts; lost: {len(account.lost)}, twice: {len(account.twice)}.")
    _tell_changes(account, town)
    for channel, reference in account.lost:
        tell(f"  lost: {channel} does not hold post {reference}")
    for channel, reference in account.twice:
        tell(f"  twice: no delivery knows of post {reference} in {channel}")


def _tell_changes(account: Account, town: Town) -> None:
    """Say how many channels have followed what became of a notice later."""
    for word, sample, what in (("Corrected", town.corrected, "show it"), ("Withdrawn", town.withdrawn, "took it back")):
        done, all_of_them = account.followed(sample.event_id)
        tell(f"{word} {sample.event_id}: {done} of {all_of_them} channels {what}.")


def _add_row(table: Table, name: str, states: Counter[str]) -> None:
    table.add_row(name, str(states.total()), *(str(states[state]) if states[state] else "" for state in STATES))
