# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is shipped runs without privileges, without secrets in it, and with every setting of the product."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from app.settings import Settings
from app.wechat.settings import WeChatSettings
from tests.repository.files import read, tracked

FORM: dict[str, Any] = yaml.safe_load(read("deploy/compose.yaml"))
PARTS: dict[str, dict[str, Any]] = FORM["services"]
DOCKERFILE = read("Dockerfile")
INTERPOLATED = re.compile(r"\$\{(?P<name>[A-Z_]+)(?P<rule>:[?-][^}]*)?\}")
NOT_IN_A_CONTAINER = {"workers", "worker_host"}
"""./dev up counts its workers, compose scales them; the image itself opens the worker's address."""


@pytest.mark.parametrize("name", PARTS)
def test_no_container_has_privileges_or_a_writable_root(name: str) -> None:
    part = PARTS[name]

    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"]
    assert part["security_opt"] == ["no-new-privileges:true"]
    assert part["stop_grace_period"] == "40s"
    assert "privileged" not in part
    assert "cap_add" not in part


@pytest.mark.parametrize("name", PARTS)
def test_only_the_api_is_published_and_only_on_loopback_unless_asked(name: str) -> None:
    expected = ["${PUBLISH:-127.0.0.1:8080}:8080"] if name == "api" else []

    assert PARTS[name].get("ports", []) == expected


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_the_servers_are_reached_from_inside_only(name: str) -> None:
    assert PARTS[name]["networks"] == ["inside"]
    assert FORM["networks"]["inside"] == {"internal": True}


@pytest.mark.parametrize("name", PARTS)
def test_a_container_keeps_a_little_of_what_it_logged_and_no_more(name: str) -> None:
    options = PARTS[name]["logging"]["options"]

    assert options == {"max-size": "10m", "max-file": "5"}


def test_no_program_of_ours_writes_a_log_file() -> None:
    writes = re.compile(r"FileHandler|SysLogHandler|logging\.basicConfig|dictConfig|fileConfig")

    sources = tracked("app/**.py", "app/*.py", "workers/**.py")
    assert [path for path in sources if writes.search(path.read_text(encoding="utf-8"))] == []


def test_nothing_starts_before_what_it_needs_is_healthy() -> None:
    waits = {name: part.get("depends_on", {}) for name, part in PARTS.items()}

    assert waits["migrate"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("api", "worker"):
        assert waits[name]["migrate"] == {"condition": "service_completed_successfully"}
        assert waits[name]["redis"] == {"condition": "service_healthy"}


def test_every_setting_can_be_set_in_a_container() -> None:
    given = {name for part in PARTS.values() for name in part.get("environment", {})}

    wanted = {f"CAMPANELLA_{name}".upper() for name in Settings.model_fields.keys() - NOT_IN_A_CONTAINER}
    wanted |= {f"CAMPANELLA_WECHAT_{name}".upper() for name in WeChatSettings.model_fields}

    assert {name for name in given if name.startswith("CAMPANELLA_")} == wanted


def test_each_secret_is_with_the_one_who_needs_it() -> None:
    assert "CAMPANELLA_TELEGRAM_TOKEN" not in PARTS["api"]["environment"]
    assert "CAMPANELLA_WECHAT_SECRET" not in PARTS["api"]["environment"]
    assert "CAMPANELLA_WECHAT_CALLBACK_TOKEN" not in PARTS["worker"]["environment"]
    assert "CAMPANELLA_ADMIN_KEY" not in PARTS["worker"]["environment"]
    assert all("POSTGRES_PASSWORD" not in PARTS[name]["environment"] for name in ("migrate", "api", "worker"))


def test_a_missing_secret_stops_compose_with_a_sentence() -> None:
    rules = {found["name"]: found["rule"] or "" for found in INTERPOLATED.finditer(read("deploy/compose.yaml"))}

    careless = [name for name, rule in rules.items() if name != "PUBLISH" and not rule.startswith(f":?Set {name} in ")]

    assert careless == []


def test_the_example_names_every_secret_and_holds_none() -> None:
    required = {found["name"] for found in INTERPOLATED.finditer(read("deploy/compose.yaml"))} - {"PUBLISH"}
    lines = re.findall(r"^([A-Z_]+)=(.*)$", read("deploy/compose.env.example"), re.MULTILINE)

    assert dict(lines) == dict.fromkeys(required, "")


def test_the_image_runs_as_a_numbered_user_that_is_nobody_elsewhere() -> None:
    users = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)

    assert len(users) == 1
    assert all(int(number) > 10_000 for number in users[0])


def test_the_image_installs_by_hash_and_fetches_no_front_end() -> None:
    assert "--require-hashes" in DOCKERFILE
    assert not re.search(r"#\s*syntax=", DOCKERFILE)
    assert not re.search(r"^ADD ", DOCKERFILE, re.MULTILINE)


def test_image_compose_and_package_have_one_version() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]

    assert f"ARG VERSION={version}\n" in DOCKERFILE
    assert {part["image"] for part in PARTS.values() if "build" in part} == {f"campanella:{version}"}
    assert f"## [{version}]" in read("CHANGELOG.md")
