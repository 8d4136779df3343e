# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Alerts as the authorities send them, for the docs page."""

from typing import Any

ALERT = """\
<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>2.49.0.0.380.0-20261120-12</identifier>
  <sender>protezione-civile@regione.example.it</sender>
  <sent>2026-11-20T13:05:00+01:00</sent>
  <status>Actual</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <info>
    <language>it-IT</language>
    <category>Met</category>
    <event>Temporali forti</event>
    <responseType>Prepare</responseType>
    <urgency>Expected</urgency>
    <severity>Severe</severity>
    <certainty>Likely</certainty>
    <onset>2026-12-11T06:00:00+01:00</onset>
    <expires>2026-12-11T18:00:00+01:00</expires>
    <senderName>Regione, Centro funzionale</senderName>
    <headline>Allerta arancione per temporali forti, venerdì 11 dicembre</headline>
    <description>Temporali forti e rischio idrogeologico dalle 6 alle 18 di venerdì 11 dicembre 2026.</description>
    <instruction>Limita gli spostamenti allo stretto necessario.
Allontanati da fiumi e argini.</instruction>
    <web>https://www.regione.example.it/allerta</web>
    <parameter><valueName>colore</valueName><value>arancione</value></parameter>
    <area><areaDesc>Bisenzio e Ombrone Pistoiese</areaDesc></area>
  </info>
</alert>
"""
CAP: dict[str, Any] = {"orange": {"summary": "An orange alert of the weather service, in Italian", "value": ALERT}}
CALM = "Assenza di fenomeni significativi prevedibili / NESSUNA ALLERTA"
ZONE = {
    "type": "Feature",
    "properties": {
        "Nome zona": "Bisenzio e Ombrone Pistoiese",
        "Rappresentata nella mappa": "Ordinaria per rischio temporali / ALLERTA GIALLA",
        "Per rischio idraulico": CALM,
        "Per rischio temporali": "Ordinaria / ALLERTA GIALLA",
        "Per rischio idrogeologico": CALM,
        "Comuni": ["Prato"],
    },
    "geometry": None,
}
BULLETINS: dict[str, Any] = {
    "yellow": {
        "summary": "One zone of a bulletin, without its geometry",
        "value": {"id": "20261120_1500", "today": {"type": "FeatureCollection", "features": [ZONE]}},
    }
}
