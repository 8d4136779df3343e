# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The page on security names a test for every line of the checklist, or says why there is none; and the tests exist."""

import ast
import re

import pytest

from tests.repository.files import ROOT, read

PAGE = read("deploy/docs/security.md")
ROWS = dict(re.findall(r"^\| (\d+\.\d+) \| (.+) \|$", PAGE, re.MULTILINE))
LINES = {1: 12, 2: 9, 3: 6, 4: 9, 5: 9, 6: 6, 7: 8, 8: 5, 9: 9, 10: 8}
"""How many lines each section of the checklist has."""
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_line_of_the_checklist_has_its_row() -> None:
    assert set(ROWS) == {f"{section}.{line}" for section, lines in LINES.items() for line in range(1, lines + 1)}


@pytest.mark.parametrize("line", ROWS)
def test_a_line_names_tests_that_exist_or_says_what_is_missing(line: str) -> None:
    found = NAMED.findall(ROWS[line])

    assert found or "**not built**" in ROWS[line] or "**no test**" in ROWS[line]
    for path, name in found:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        tests = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert not name or name in tests


def python_files() -> list[str]:
    return [str(path.relative_to(ROOT)) for folder in ("app", "workers") for path in (ROOT / folder).rglob("*.py")]


def test_secrets_come_from_the_generator_for_secrets_only() -> None:
    imported = {alias.name for alias in ast.walk(ast.parse(read("app/domain/key.py"))) if isinstance(alias, ast.alias)}

    assert "secrets" in imported
    assert "random" not in imported


@pytest.mark.parametrize(
    "word", [r"\bimport pickle\b", r"\bfrom pickle\b", r"\bimport marshal\b", r"\bshelve\b", r"yaml\.load\("]
)
def test_nothing_is_read_that_could_run_code(word: str) -> None:
    assert [name for name in python_files() if re.search(word, read(name))] == []
