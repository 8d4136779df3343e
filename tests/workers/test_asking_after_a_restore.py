# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""After a restore posts of ours stand in the channel that no row knows of: a question must not write over them."""

from deploy.sandbox.faults import FaultKind
from tests.workers.conftest import City
from tests.workers.test_asking import OPERATIONS, WAYS, askable, city

__all__ = ["city"]

# As hold-overdue leaves it: behind the last place that the backup knew of stands a post that came later.
RESTORED = """
create function as_restored() returns trigger language plpgsql as $$ begin
  new.intent := (new.intent::jsonb || '{"after": "1", "asked": 0, "restored": true}')::json;
  return new;
end $$;
create trigger restored before update on delivery for each row
  when (new.state = 'in_doubt' and old.state <> 'in_doubt') execute function as_restored()
"""


@WAYS
async def test_an_unknown_post_of_ours_is_passed_over_when_it_can_be_read_and_never_written_over(city: City) -> None:
    await askable(city)
    await city.accepts(texts={"it": {"title": "Dopo la copia"}})
    await city.settled()
    await city.pool.execute("delete from attempt")
    await city.pool.execute("delete from delivery")
    await city.pool.execute(RESTORED)
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage")

    await city.accepts(in_doubt="repeat")
    await city.settled("delivered", "held")

    can_read = city.settings.telegram_operations_chat == str(OPERATIONS)
    assert await city.states() == ["delivered" if can_read else "held"]
    assert ["Dopo la copia" in text for text in city.texts()] == [True, False]
    assert [entry for entry in city.sandbox.journal if entry.did == "edited"] == []
