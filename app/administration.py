# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Sources, operators and channels from the command line: the same functions as over HTTP."""

from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel, ValidationError
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from app import checks
from app.api.channels import ChannelAudience, NewChannel
from app.api.sources import NewSource
from app.auditing import audit_anchor, audit_verify, this_user
from app.channels import add_channel
from app.database import Database
from app.domain.key import Role, Scope
from app.doorbell import Doorbell
from app.keys import LONGEST_LIFE, Wanted, add_key
from app.kinds import KINDS
from app.running import in_the_database
from app.settings import load
from app.sources import add_source
from app.tables import Channel, Source

ADDRESS = (
    "Telegram: the channel's number (it begins with -100) or its @name. A noticeboard: its word in the web address; "
    "without one, the short name."
)
SHOWN_ONCE = "This is the key. It is shown now and never again:"
Services = Annotated[list[str] | None, typer.Option("--service", help="A service it may speak of; none: every one.")]
EventSources = Annotated[list[str] | None, typer.Option("--event-source", help="A URI its CloudEvents come from.")]
Scopes = Annotated[list[Scope] | None, typer.Option(help="What it may do; none: all that its role may.")]
Days = Annotated[int, typer.Option(min=1, max=LONGEST_LIFE, help="Days until the key expires.")]
Slug = Annotated[str, typer.Argument(help="Its short name: small letters, digits and hyphens, for ever.")]
Name = Annotated[str, typer.Option(help="Its name, as people read it; without one the short name.")]
Label = Annotated[str, typer.Argument(help="Whose key it is, as the audit log will say.")]
Viewing = Annotated[bool, typer.Option(help="See everything and change nothing.")]
Kind = Annotated[str, typer.Option(help=f"The platform: {', '.join(KINDS)}.")]
Language = Annotated[str, typer.Option(help="The language that it is written in, such as it or zh-Hans.")]
Fallback = Annotated[bool, typer.Option(help="Show another text where its language is missing, and say so.")]
Followed = Annotated[list[str] | None, typer.Option("--service", help="A service it follows; none: every one.")]
Grades = Annotated[list[str] | None, typer.Option("--grade", help="A grade it is for; none: every one.")]
Schools = Annotated[list[str] | None, typer.Option("--school", help="A school it is for; none: every one.")]
Areas = Annotated[list[str] | None, typer.Option("--area", help="An area it is for; none: every one.")]
GROUPS = {
    "source": "Municipal systems that hand in notices, and their keys.",
    "operator": "Keys of the people who administer.",
    "channel": "The places that are published to.",
    "audit": "The log of what administrators did.",
}
Model = TypeVar("Model", bound=BaseModel)


class ArgumentError(Exception):
    """An argument is wrong; the text has a line for each."""


def administration() -> dict[str, typer.Typer]:
    """Give the groups of commands by name."""
    groups = {name: typer.Typer(no_args_is_help=True, help=said) for name, said in GROUPS.items()}
    groups["source"].command("add")(source_add)
    groups["source"].command("key")(source_key)
    groups["source"].command("list")(source_list)
    groups["operator"].command("add")(operator_add)
    groups["channel"].command("add")(channel_add)
    groups["channel"].command("list")(channel_list)
    groups["audit"].command("verify")(audit_verify)
    groups["audit"].command("anchor")(audit_anchor)
    return groups


def source_add(
    slug: Slug, name: Name = "", service: Services = None, event_source: EventSources = None, days: Days = LONGEST_LIFE
) -> None:
    """Make a source, a municipal system that hands in notices, and print its key once."""
    lists = {"services": service or [], "event_sources": event_source or []}
    source = Source(**_checked(NewSource, slug=slug, name=name or slug, **lists).row())

    async def work(database: Database) -> None:
        async with database.sessions.begin() as session:
            issued = await add_source(session, source, days, this_user(), load().pepper)
        typer.echo(f"{SHOWN_ONCE}\n{issued.text}")

    in_the_database(work)


def source_key(slug: Slug, days: Days = LONGEST_LIFE) -> None:
    """Issue a second key for a source, so that the first can be replaced without a gap."""
    asked = Wanted(role=Role.SOURCE, source=slug, days=days)

    async def work(database: Database) -> None:
        async with database.sessions.begin() as session:
            issued = await add_key(session, asked, this_user(), load().pepper)
        typer.echo(f"{SHOWN_ONCE}\n{issued.text}")

    in_the_database(work)


def source_list() -> None:
    """List the sources."""

    async def work(database: Database) -> None:
        async with database.sessions() as session:
            for source in await session.exec(select(Source).order_by(Source.slug)):
                typer.echo(f"{source.slug}\t{source.name}\t{', '.join(source.services) or 'every service'}")

    in_the_database(work)


def operator_add(label: Label, *, viewer: Viewing = False, days: Days = LONGEST_LIFE, scope: Scopes = None) -> None:
    """Issue a key for an operator, or for a viewer who may change nothing."""
    role = Role.VIEWER if viewer else Role.OPERATOR
    asked = Wanted(role=role, label=label, days=days, scopes=scope or ())

    async def work(database: Database) -> None:
        async with database.sessions.begin() as session:
            issued = await add_key(session, asked, this_user(), load().pepper)
        typer.echo(f"{SHOWN_ONCE}\n{issued.text}")

    in_the_database(work)


def channel_add(  # noqa: PLR0913 - a channel has as many sides
    slug: Slug,
    *,
    address: Annotated[str, typer.Option(help=ADDRESS)] = "",
    kind: Kind = "telegram",
    language: Language = "it",
    service: Followed = None,
    grade: Grades = None,
    school: Schools = None,
    area: Areas = None,
    fallback: Fallback = True,
) -> None:
    """Check a channel on its platform and publish to it from now on."""
    lists = {"services": service or [], "grades": grade or [], "schools": school or [], "areas": area or []}
    audience = _checked(ChannelAudience, **lists)
    plain = {"slug": slug, "kind": kind, "address": address or slug, "language": language, "fallback": fallback}
    new = _checked(NewChannel, **plain, audience=audience)
    channel = Channel(id=uuid7(), **new.model_dump(mode="json", exclude={"audience"}), **audience.model_dump())

    async def work(database: Database) -> None:
        doorbell = Doorbell(str(load().redis_url))
        answer = await checks.ask(database.pool, doorbell, kind, new.address)
        await doorbell.close()
        async with database.sessions.begin() as session:
            stored = await add_channel(session, channel, answer, this_user())
            typer.echo(f"{stored.slug}: {stored.title or stored.address} ({answer.problem or 'checked'})")

    in_the_database(work)


def channel_list() -> None:
    """List the channels and whether they are posted to."""

    async def work(database: Database) -> None:
        statement = select(Channel).where(col(Channel.retired_at).is_(None)).order_by(Channel.slug)
        async with database.sessions() as session:
            for channel in await session.exec(statement):
                state = channel.paused_reason if channel.paused_at else "active"
                typer.echo(f"{channel.slug}\t{channel.kind}\t{channel.address}\t{channel.language}\t{state}")

    in_the_database(work)


def _checked(model: type[Model], **members: Any) -> Model:
    """Hold arguments to the rules that the API has for them."""
    try:
        return model.model_validate(members)
    except ValidationError as error:
        rows = error.errors(include_input=False, include_url=False)
        words = [f"{'.'.join(str(part) for part in row['loc'])}: {row['msg']}" for row in rows]
        raise ArgumentError("\n".join(words)) from None
