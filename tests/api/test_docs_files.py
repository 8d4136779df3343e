# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The files that a browser runs for the documentation are those that were looked at, byte for byte."""

import hashlib

import pytest

from app.api.docs import SWAGGER
from tests.api.calling import Caller

VERSION = 'PACKAGE_VERSION:"5.32.6"'
"""Of Swagger UI, as fastapi-offline brings it; the lock pins that by its hash, and this what is in it."""
DIGESTS = {
    "favicon.png": "d16f72cf5a2773eba499cc7f3db1923c6f5f73de990f739e3a05806aafec15b7",
    "redoc.standalone.js": "1320f442151c57c447d3b70c7ffc6c4f86d08464020fe34c8cc5d3164e9944f0",
    "swagger-ui-bundle.js": "4b5a9b35a1adf37f00d39c0bae23cdb37007e2946240ef035137cc85b4d55349",
    "swagger-ui.css": "ca238f7d7c2cf4480c1e77a9c3b9da915ab216e96ffd354e69076560c650c6de",
}


async def test_what_is_served_to_browsers_is_what_was_looked_at(operator: Caller) -> None:
    served = {}
    for name in DIGESTS:
        async with operator.session.get(f"/docs/swagger/{name}") as answer:
            served[name] = hashlib.sha256(await answer.read()).hexdigest()

    assert served == DIGESTS
    assert {path.name for path in SWAGGER.iterdir()} == DIGESTS.keys()
    assert VERSION in (SWAGGER / "swagger-ui-bundle.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("part", ["lines=1-2", "bytes=99999999-", "bytes=0-0", "bytes=1-2-3"])
async def test_a_part_of_a_file_is_the_whole_file(operator: Caller, part: str) -> None:
    whole, asked = [await operator.get("/docs/swagger/swagger-ui.css", **more) for more in ({}, {"Range": part})]

    assert (asked.status, asked.text == whole.text) == (200, True)
    assert asked.headers["Accept-Ranges"] == "none"
