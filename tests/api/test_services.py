# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Services are rows: made, renamed, listed."""

from tests.api.calling import Caller, fresh


async def test_a_service_is_made_once_and_then_renamed(operator: Caller) -> None:
    path = f"/v1/services/{fresh('servizio')}"

    made = await operator.call("PUT", path, {"name": "Biblioteche"})
    renamed = await operator.call("PUT", path, {"name": "Biblioteche e ludoteche"})

    assert (made.status, renamed.status) == (201, 200)
    assert made.headers["Location"].endswith(path)
    assert (await operator.get(path)).body["name"] == "Biblioteche e ludoteche"


async def test_a_service_that_is_only_to_be_made_is_not_renamed(operator: Caller) -> None:
    path, only_new = f"/v1/services/{fresh('servizio')}", {"If-None-Match": "*"}

    made, again, tagged = [
        await operator.call("PUT", path, {"name": name}, headers)
        for name, headers in (("Uno", only_new), ("Due", only_new), ("Tre", {"If-None-Match": '"x"'}))
    ]

    assert [made.status, again.status, tagged.status] == [201, 412, 400]
    assert (again.problem, tagged.pointers) == ("precondition-failed", ["If-None-Match"])
    assert (await operator.get(path)).body["name"] == "Uno"


async def test_the_services_of_a_school_family_are_there_from_the_start(source: Caller) -> None:
    listed = {item["slug"] for item in await source.every("/v1/services")}

    assert {"nidi", "servizi-integrativi", "mensa", "trasporto", "pacchetto-scuola", "iscrizioni"} <= listed


async def test_services_come_in_pages(operator: Caller) -> None:
    first = await operator.get("/v1/services?limit=3")
    second = await operator.get(first.body["next"].partition(":8080")[2])

    slugs = [item["slug"] for item in first.body["items"] + second.body["items"]]
    assert (len(slugs), slugs) == (6, sorted(set(slugs)))


async def test_a_service_needs_a_name_and_a_plain_slug(operator: Caller) -> None:
    answers = [
        await operator.call("PUT", path, body)
        for path, body in (
            ("/v1/services/biblioteca", {"name": ""}),
            ("/v1/services/biblioteca", {}),
            ("/v1/services/Biblioteca", {"name": "Biblioteca"}),
            ("/v1/services/biblioteca", {"name": "una\nlunga"}),
        )
    ]

    assert [answer.status for answer in answers] == [422, 422, 404, 422]
    assert (await operator.get("/v1/services/biblioteca")).status == 404
