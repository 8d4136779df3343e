# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the sandbox can do is written down."""

import dataclasses
from pathlib import Path

import deploy.sandbox
from deploy.sandbox import Entry, FaultKind, Limits, Sandbox
from deploy.sandbox.control import Control

README = (Path(deploy.sandbox.__file__).parent / "README.md").read_text("utf-8")


def test_every_kind_of_fault_is_described() -> None:
    assert [kind.value for kind in FaultKind if f"`{kind.value}`" not in README] == []


def test_every_field_of_limits_and_journal_is_named() -> None:
    fields = [*(field.name for field in dataclasses.fields(Limits)), *Entry.__struct_fields__]

    assert [name for name in fields if f"`{name}`" not in README] == []


async def test_every_route_of_the_control_api_is_listed(sandbox: Sandbox) -> None:
    routes = Control(sandbox).application(forced=False).router.routes()
    paths = {resource.canonical for route in routes if (resource := route.resource)}

    assert [path for path in paths if f"/sandbox{path}`" not in README] == []
