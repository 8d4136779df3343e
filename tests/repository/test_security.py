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


SQL = re.compile(r"(?im)^\s*(with\s+\w+\s+as|select\b|insert into|update\s+\w|delete from|grant\b|revoke\b)")
NAMES_OF_OURS = {"app/grants.py", "workers/prune.py", "workers/wechat/ledger.py"}
"""Where names of tables, columns and roles are put in: those of our own tables, never a word of a caller."""


def put_into_sql(source: str) -> list[str]:
    """Give what is put into the text of statements, in the code's own words."""
    texts = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.JoinedStr)]
    statements = [
        text for text in texts if SQL.search("".join(str(getattr(part, "value", "?")) for part in text.values))
    ]
    return [
        ast.unparse(part.value) for text in statements for part in text.values if isinstance(part, ast.FormattedValue)
    ]


def test_nothing_but_constants_of_ours_is_put_into_a_statement() -> None:
    found = {name: put_into_sql(read(name)) for name in python_files()}

    assert {name for name, parts in found.items() if not all(map(str.isupper, parts))} == NAMES_OF_OURS
    assert put_into_sql('f"select {name} from notice"') == ["name"]


def test_telegram_is_never_asked_to_parse_a_text() -> None:
    given = re.compile(r"\"?parse_mode\"?\s*[=:]\s*(\w+)")

    modes = {mode for name in python_files() for mode in given.findall(read(name))}

    assert modes == {"None"}
