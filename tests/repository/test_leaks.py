# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""No secret is in the history, and one that was taken out again would be found."""

import base64
import secrets
import string
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.key import new_key
from deploy.leaks import found, history_of, leaks, main
from tests.repository.files import ROOT

WHO = ("-c", "user.name=Somebody", "-c", "user.email=somebody@comune.prato.it", "-c", "commit.gpgsign=false")
LETTERS = string.ascii_letters + string.digits
VECTOR = "camp_live_A1b2C3d4E5f6_0123456789abcdefghijABCDEFGHIJ012O4MLO"


def bot_token() -> str:
    return f"{7_000_000_000 + secrets.randbelow(10**8)}:AA{''.join(secrets.choice(LETTERS) for _ in range(33))}"


def webhook_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


SECRETS: dict[str, Callable[[], str]] = {
    "key of Campanella": lambda: new_key().text,
    "token of a bot": bot_token,
    "secret of a webhook": webhook_secret,
    "private key": lambda: f"-----BEGIN {'RSA '}PRIVATE KEY-----",
}


def git(where: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(where), *WHO, *words], check=True, capture_output=True)


def commit(where: Path, text: str, message: str = "Change the notes") -> None:
    (where / "notes.txt").write_text(text, encoding="utf-8")
    git(where, "add", "notes.txt")
    git(where, "commit", "-q", "-m", message)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    commit(tmp_path, "nothing yet\n")
    return tmp_path


@pytest.mark.skipif(history_of(ROOT) is None, reason="this copy has no history")
def test_no_secret_was_ever_committed() -> None:
    history = history_of(ROOT) or ""

    assert set(leaks(history.split("\n"))) == set()


@pytest.mark.parametrize("form", SECRETS)
def test_a_secret_that_was_taken_out_again_is_still_found_and_never_shown(
    form: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = SECRETS[form]()
    commit(repository, f"before {secret}\n" if form != "private key" else f"{secret}\n")
    commit(repository, "all is well\n")

    code = main([str(repository)])

    said = capsys.readouterr().out
    assert code == 1
    assert f"notes.txt: {form}" in said
    assert secret not in said


def test_a_secret_on_another_branch_or_in_a_message_is_found(repository: Path) -> None:
    git(repository, "switch", "-q", "-c", "aside")
    commit(repository, "more\n", message=f"Use {new_key().text}")
    git(repository, "switch", "-q", "-")

    history = history_of(repository) or ""

    (leak,) = leaks(history.split("\n"))
    assert (leak.form, leak.file) == ("key of Campanella", "")


@pytest.mark.parametrize(
    "text",
    [
        VECTOR,
        f"{VECTOR[:-1]}P",
        "123456789:SANDBOX-not-a-real-token-0000000000",
        f"whsec_{base64.b64encode(bytes(range(32))).decode()}",
        "2026-11-26T08:00:00+01:00",
        "-----BEGIN PUBLIC KEY-----",
    ],
)
def test_a_documented_example_is_no_secret(text: str) -> None:
    assert found(text) == []


def test_without_a_history_nothing_is_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 0
    assert "no history here" in capsys.readouterr().out
