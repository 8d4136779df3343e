# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every alert fires when what it is for happens, and none while all is well; Prometheus itself is the judge."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.repository.files import ROOT
from tests.telemetry.test_dashboards import ALERTS

MINUTES = 120
WELL = {
    'campanella_build_info{version="1"}': "1x{n}",
    "campanella_database_up": "1x{n}",
    "campanella_workers": "2x{n}",
    'campanella_outbox_age_seconds{lane="urgent"}': "0x{n}",
    'campanella_outbox_age_seconds{lane="normal"}': "30x{n}",
    'campanella_outbox_age_seconds{lane="bulk"}': "600x{n}",
    'campanella_deliveries{state="held"}': "0x{n}",
    'campanella_deliveries{state="in_doubt"}': "0x{n}",
    'campanella_deliveries{state="dead"}': "5x{n}",
    'campanella_channels{state="paused"}': "0x{n}",
    "campanella_text_age_seconds": "3600x{n}",
    'campanella_pushes_left{channel="wechat",span="month"}': "1x{n}",
    'campanella_pushes_left{channel="wechat",span="today"}': "0x{n}",
    'campanella_attempts_total{kind="telegram",outcome="misconfigured"}': "3x{n}",
    'campanella_deliveries_settled_total{state="expired"}': "2x{n}",
    'campanella_throttled_total{kind="telegram"}': "1x{n}",
    'campanella_unclassified_answers_total{kind="telegram"}': "1x{n}",
    'campanella_doorbells_total{outcome="lost"}': "4x{n}",
    'campanella_notices_total{outcome="refused"}': "0+0.1x{n}",
    'campanella_http_requests_total{method="POST",route="/v1/notices",status="202"}': "0+60x{n}",
    'campanella_http_requests_total{method="POST",route="/v1/notices",status="503"}': "0x{n}",
    'campanella_http_requests_total{method="GET",route="/readyz",status="503"}': "0+4x{n}",
    'campanella_http_request_seconds_bucket{method="POST",route="/v1/notices",le="0.1"}': "0+60x{n}",
    'campanella_http_request_seconds_bucket{method="POST",route="/v1/notices",le="2.5"}': "0+60x{n}",
    'campanella_http_request_seconds_bucket{method="POST",route="/v1/notices",le="+Inf"}': "0+60x{n}",
    'campanella_attempt_seconds_bucket{kind="telegram",le="0.5"}': "0+60x{n}",
    'campanella_attempt_seconds_bucket{kind="telegram",le="60"}': "0+60x{n}",
    'campanella_attempt_seconds_bucket{kind="telegram",le="+Inf"}': "0+60x{n}",
}
TROUBLES: dict[str, dict[str, str | None]] = {
    "CampanellaDatabaseAway": {"campanella_database_up": "0x{n}"},
    "CampanellaNoWorker": {"campanella_workers": "0x{n}"},
    "CampanellaAccountRefused": {'campanella_attempts_total{kind="telegram",outcome="misconfigured"}': "0+2x{n}"},
    "CampanellaUrgentLate": {'campanella_outbox_age_seconds{lane="urgent"}': "61x{n}"},
    "CampanellaNormalLate": {'campanella_outbox_age_seconds{lane="normal"}': "601x{n}"},
    "CampanellaBulkLate": {'campanella_outbox_age_seconds{lane="bulk"}': "7201x{n}"},
    "CampanellaHeld": {'campanella_deliveries{state="held"}': "1x{n}"},
    "CampanellaInDoubt": {'campanella_deliveries{state="in_doubt"}': "1x{n}"},
    "CampanellaDeadLetters": {'campanella_deliveries{state="dead"}': "0+1x{n}"},
    "CampanellaExpired": {'campanella_deliveries_settled_total{state="expired"}': "0+1x{n}"},
    "CampanellaChannelPaused": {'campanella_channels{state="paused"}': "1x{n}"},
    "CampanellaTextsWaiting": {"campanella_text_age_seconds": "14401x{n}"},
    "CampanellaPushesUsedUp": {'campanella_pushes_left{channel="wechat",span="month"}': "0x{n}"},
    "CampanellaThrottled": {'campanella_throttled_total{kind="telegram"}': "0+1x{n}"},
    "CampanellaUnclassifiedAnswer": {'campanella_unclassified_answers_total{kind="telegram"}': "0+1x{n}"},
    "CampanellaDoorbellsLost": {'campanella_doorbells_total{outcome="lost"}': "0+5x{n}"},
    "CampanellaRefusals": {'campanella_notices_total{outcome="refused"}': "0+1x{n}"},
    "CampanellaServerErrors": {
        'campanella_http_requests_total{method="POST",route="/v1/notices",status="503"}': "0+1x{n}"
    },
    "CampanellaIntakeSlow": {
        'campanella_http_request_seconds_bucket{method="POST",route="/v1/notices",le="0.1"}': "0+50x{n}"
    },
    "CampanellaPlatformSlow": {'campanella_attempt_seconds_bucket{kind="telegram",le="0.5"}': "0+50x{n}"},
    "CampanellaTwoVersions": {'campanella_build_info{version="2"}': "1x{n}"},
    "CampanellaUnseen": dict.fromkeys(WELL),
}

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def test_there_is_a_trouble_for_every_alert() -> None:
    assert TROUBLES.keys() == {rule["alert"] for rule in ALERTS}


@needs_promtool
@pytest.mark.parametrize("alert", TROUBLES)
def test_an_alert_fires_alone_when_what_it_is_for_happens(alert: str, tmp_path: Path) -> None:
    _judge(tmp_path, {**WELL, **TROUBLES[alert]}, [alert])


@needs_promtool
def test_no_alert_fires_while_all_is_well(tmp_path: Path) -> None:
    _judge(tmp_path, WELL, [])


@needs_promtool
def test_figures_that_every_process_tells_are_not_added_up(tmp_path: Path) -> None:
    twice = {name.replace("{", '{instance="2",'): values for name, values in WELL.items() if "age" in name}

    _judge(tmp_path, {**WELL, **twice}, [])


def _judge(directory: Path, series: dict[str, Any], firing: list[str]) -> None:
    given = [
        {"series": name, "values": values.format(n=MINUTES)} for name, values in series.items() if values is not None
    ]
    expected = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in firing]
    question = {
        "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
        "eval_time": f"{MINUTES - 10}m",
        "exp_samples": expected,
    }
    case = {"interval": "1m", "input_series": given, "promql_expr_test": [question]}
    file = directory / "case.json"  # which is YAML, too
    file.write_text(json.dumps({"rule_files": [str(ROOT / "deploy/dashboards/alerts.yml")], "tests": [case]}))

    done = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
