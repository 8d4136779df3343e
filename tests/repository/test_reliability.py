# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The page on reliability names a test for every line of the plan; and the tests exist."""

import ast
import re

import pytest

from tests.repository.files import ROOT, read

ROWS = dict(re.findall(r"^\| (R-\d\d) (.+) \|$", read("deploy/docs/reliability.md"), re.MULTILINE))
PLAN = next((each for up in ROOT.parents if (each := up / "shared/reference/reliability.md").is_file()), None)
"""The plan itself, where it lies beside the repository."""
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_line_of_the_plan_has_its_row() -> None:
    assert list(ROWS) == [f"R-{number:02}" for number in range(1, 24)]


@pytest.mark.parametrize("line", ROWS)
def test_a_line_names_tests_that_exist(line: str) -> None:
    found = NAMED.findall(ROWS[line])

    assert found
    for path, name in found:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        tests = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert any(each.startswith("test_") for each in tests)
        assert not name or name in tests


@pytest.mark.skipif(PLAN is None, reason="the plan is not here")
def test_what_the_plan_asks_of_every_merge_stands_beside_what_is_done() -> None:
    assert PLAN is not None
    asked = re.findall(r"^\| (R-\d\d) \|[^|]*\| ([^|]*) \|", PLAN.read_text(encoding="utf-8"), re.MULTILINE)

    assert len(asked) == len(ROWS)
    for line, size in asked:
        assert ROWS[line].split(" | ")[-3] == size.replace("**", "")
