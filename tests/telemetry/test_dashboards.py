# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The dashboard and the alerts ask only for series that exist, and lead to a page that does."""

import json
import re
import shutil
import subprocess
from itertools import combinations
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.exposition import exposition
from app.figures import Figures
from app.levels import LATE
from app.metrics import DEPRECATED, REQUEST_SECONDS, REQUESTS, prepare_kinds
from tests.repository.files import ROOT, read

ALERTS: list[dict[str, Any]] = yaml.safe_load(read("deploy/dashboards/alerts.yml"))["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads(read("deploy/dashboards/campanella.json"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
QUERIES = [
    *(pytest.param(rule["expr"], id=rule["alert"]) for rule in ALERTS),
    *(pytest.param(each["expr"], id=panel["title"]) for panel in PANELS for each in panel["targets"]),
]
SELECTOR = re.compile(r"\b((?:campanella|process)_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
GROUPING = re.compile(r"by \(([\w, ]+)\)")
PUSHES = '{"wechat": {"today": 1, "month": 4}}'
GIVEN_BY_PROMETHEUS = {"job", "instance"}


@pytest.fixture(scope="module")
def shown() -> dict[str, list[dict[str, str]]]:
    """Give the labels of every series that a running installation shows, by the name of the sample."""
    prepare_kinds(["telegram"])
    REQUESTS.labels("POST", "/v1/notices", "202")
    REQUEST_SECONDS.labels("POST", "/v1/notices")
    DEPRECATED.labels("hand_in_notice", "mensa")
    page, _ = exposition(Figures(0.0, 0.0, 0.0, 0, 0, 0, 0, 0, 0, 0, pushes=PUSHES, slow='{"telegram": 1}'))
    rows = [row for family in text_string_to_metric_families(page.decode()) for row in family.samples]
    return {name: [row.labels for row in rows if row.name == name] for name in {row.name for row in rows}}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_only_series_labels_and_values_that_exist(
    query: str, shown: dict[str, list[dict[str, str]]]
) -> None:
    found = [(name, MATCHER.findall(matchers)) for name, matchers in SELECTOR.findall(query)]

    assert found
    for name, matchers in found:
        assert name in shown
        for label, operator, value in matchers:
            values = {row[label] for row in shown[name] if label in row}
            assert values or label in GIVEN_BY_PROMETHEUS
            assert operator != "=" or value in values


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_groups_by_labels_that_its_series_have(query: str, shown: dict[str, list[dict[str, str]]]) -> None:
    had = {label for name, _ in SELECTOR.findall(query) for row in shown[name] for label in row}

    grouped = {label.strip() for labels in GROUPING.findall(query) for label in labels.split(",")}

    assert grouped <= had


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_how_urgent_it_is_and_where_to_read_on(rule: dict[str, Any]) -> None:
    page, _, place = rule["annotations"]["runbook"].partition("#")

    headings = {title.lower().replace(" ", "-") for title in re.findall(r"^##+ (.+)$", read(page), re.MULTILINE)}

    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    assert place in headings


def test_the_names_of_alerts_and_panels_are_given_once() -> None:
    names = [rule["alert"] for rule in ALERTS]
    titles = [panel["title"] for panel in PANELS]

    assert sorted(set(names)) == sorted(names)
    assert sorted(set(titles)) == sorted(titles)
    assert sorted({panel["id"] for panel in PANELS}) == sorted(panel["id"] for panel in PANELS)


@pytest.mark.parametrize("lane", LATE)
def test_an_alert_finds_late_what_the_status_page_finds_late(lane: str) -> None:
    (rule,) = [each for each in ALERTS if each["alert"] == f"Campanella{lane.title()}Late"]

    assert rule["expr"].endswith(f"> {LATE[lane]}")


def test_no_panel_lies_over_another() -> None:
    places = [panel["gridPos"] for panel in PANELS]

    over = [(one, two) for one, two in combinations(places, 2) if _meet(one, two)]

    assert over == []
    assert max(place["x"] + place["w"] for place in places) == 24


def test_the_dashboard_fits_any_grafana() -> None:
    sources = {each["datasource"]["uid"] for panel in PANELS for each in (panel, *panel["targets"])}

    assert sources == {"${datasource}"}
    assert [each["name"] for each in DASHBOARD["templating"]["list"]] == ["datasource"]


def test_every_figure_is_on_the_dashboard(shown: dict[str, list[dict[str, str]]]) -> None:
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in shown if name.startswith("campanella_")}
    queries = " ".join(each["expr"] for panel in PANELS for each in panel["targets"])

    assert [name for name in families if name not in queries] == []


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_can_read_the_rules_and_the_configuration() -> None:
    done = subprocess.run(
        ["promtool", "check", "config", "deploy/dashboards/prometheus.yml"], cwd=ROOT, capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr


def _meet(one: dict[str, int], two: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
    below = one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]
    return not (beside or below)
