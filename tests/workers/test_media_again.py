# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a correction names is fetched, also where that had failed before; what was refused is not sent again."""

from app.amend import Change, amend
from app.routing import Routing
from tests.given import a_notice
from tests.workers.conftest import City, until
from tests.workers.test_media import attached, city, png, sorts
from tests.workers.trap import Trap

__all__ = ["city"]
REFUSED = "update media set state = 'failed', error = 'IMAGE_PROCESS_FAILED'"


async def names_again(city: City, trap: Trap) -> None:
    """Have a notice whose picture was not there wait for its channel, and correct it when it is; it names it twice."""
    await city.channel()
    await city.pool.execute("update channel set turn_until = now() + interval '1 hour'")
    notice = await city.accepts(event_id="e1", attachments=attached(trap, "late.png"))
    await until(lambda: has_failed(city))
    trap.files["/late.png"] = png()
    new = a_notice(event_id="e1", texts={"it": {"title": "Giusto"}}, attachments=attached(trap, "late.png", "late.png"))
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", 1), new)
    await city.pool.execute("update channel set turn_until = null")
    city.bell.ring()


async def has_failed(city: City) -> bool:
    return bool(await city.pool.fetchval("select state = 'failed' from media"))


async def test_a_correction_that_names_what_could_not_be_fetched_has_it_fetched(city: City, trap: Trap) -> None:
    await names_again(city, trap)
    await city.settled()

    assert sorts(city) == ["photo", "photo"]
    assert city.posts()[0].text.text.splitlines()[2] == "Giusto"


async def test_a_correction_does_not_send_again_what_was_refused(city: City, trap: Trap) -> None:
    await city.channel()
    notice = await city.accepts(event_id="e1", attachments=attached(trap, "a.png"))
    await city.settled()
    await city.pool.execute(REFUSED)

    new = a_notice(event_id="e1", texts={"it": {"title": "Giusto"}}, attachments=attached(trap, "a.png"))
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", 1), new)

    assert await city.pool.fetchval("select state from media") == "failed"
