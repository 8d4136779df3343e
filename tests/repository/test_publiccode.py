# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""publiccode.yml keeps to version 0.7 of the standard, for which no published schema works."""

import re
import tomllib
from datetime import date
from typing import Any

import pytest
import yaml

from tests.repository.files import ROOT, read

MANDATORY = (
    "publiccodeYmlVersion",
    "name",
    "url",
    "platforms",
    "developmentStatus",
    "softwareType",
    "organisation.uri",
    "description",
    "legal.license",
    "maintenance.type",
    "localisation.localisationReady",
    "localisation.availableLanguages",
)
ALLOWED: dict[str, set[str]] = {
    "publiccodeYmlVersion": {"0.7", "0.7.0"},
    "developmentStatus": {"concept", "development", "beta", "stable", "obsolete"},
    "softwareType": {
        *("standalone/mobile", "standalone/iot", "standalone/desktop", "standalone/web"),
        *("standalone/backend", "standalone/other", "addon", "library", "configurationFiles"),
    },
    "maintenance.type": {"internal", "contract", "community", "none"},
}
DEPRECATED = ("IT", "it", "monochromeLogo", "inputTypes", "outputTypes", "legal.repoOwner", "legal.authorsFile")
NEEDED_BY_MAINTENANCE = {"internal": "contacts", "community": "contacts", "contract": "contractors"}
ALIASES = {"gdpr", "eidas", "nis2", "cra", "spid", "cie", "anpr", "pagopa", "io"}
BCP47 = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    loaded = yaml.safe_load(read("publiccode.yml"))
    assert isinstance(loaded, dict)
    return loaded


def at(said: dict[str, Any], path: str) -> Any:
    """Give what stands at a dotted path, or None."""
    found: Any = said
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


@pytest.mark.parametrize("path", MANDATORY)
def test_every_mandatory_key_is_there(said: dict[str, Any], path: str) -> None:
    assert at(said, path) not in (None, "", [], {})


@pytest.mark.parametrize("path", ALLOWED)
def test_closed_lists_are_kept_to(said: dict[str, Any], path: str) -> None:
    assert at(said, path) in ALLOWED[path]


@pytest.mark.parametrize("path", DEPRECATED)
def test_no_deprecated_key_is_used(said: dict[str, Any], path: str) -> None:
    assert at(said, path) is None


@pytest.mark.parametrize("language", ["it", "en"])
def test_each_description_is_of_the_length_that_catalogues_accept(said: dict[str, Any], language: str) -> None:
    description = said["description"][language]

    assert 1 <= len(description["shortDescription"]) <= 150
    assert 150 <= len(description["longDescription"]) <= 10_000
    assert 5 <= len(description["features"]) <= 20


def test_languages_are_tags_of_bcp_47(said: dict[str, Any]) -> None:
    tags = [*said["description"], *said["localisation"]["availableLanguages"]]

    assert [tag for tag in tags if not BCP47.fullmatch(tag)] == []


def test_the_licence_is_that_of_the_package_and_its_text_is_here(said: dict[str, Any]) -> None:
    licence = said["legal"]["license"]

    assert licence == project()["license"]
    assert (ROOT / "LICENSES" / f"{licence}.txt").is_file()


def test_version_and_date_are_those_of_the_package(said: dict[str, Any]) -> None:
    released = date.fromisoformat(said["releaseDate"])

    assert said["softwareVersion"] == project()["version"]
    assert released <= date.today()  # noqa: DTZ011 - a release date has no time zone


def test_the_administration_is_named_by_its_code(said: dict[str, Any]) -> None:
    assert re.fullmatch(r"urn:x-italian-pa:[a-z0-9_-]{1,40}", said["organisation"]["uri"])


def test_maintenance_names_whom_its_type_asks_for(said: dict[str, Any]) -> None:
    needed = NEEDED_BY_MAINTENANCE.get(said["maintenance"]["type"])
    others = {"contacts", "contractors"} - {needed}

    assert needed is None or all(row["name"] for row in said["maintenance"][needed])
    assert others.isdisjoint(said["maintenance"])


def test_only_known_aliases_are_claimed(said: dict[str, Any]) -> None:
    aliases = [row["id"].removeprefix("alias:") for row in said.get("supports", []) if row["id"].startswith("alias:")]

    assert set(aliases) <= ALIASES


def project() -> dict[str, Any]:
    table = tomllib.loads(read("pyproject.toml"))["project"]
    assert isinstance(table, dict)
    return table
