# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""CAP 1.2 as we read it: what is taken, and what is refused with its place."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.alerts.cap import parse
from app.alerts.colour import Colour
from app.domain.errors import InvalidNoticeError, MalformedBodyError
from tests.alerts.given import cap, info, reference

LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n + 1, b"&l%d;" % n * 10) for n in range(9))
FAR = [f"{day}{offset}" for day in ("0001-01-01T00:00:00", "9999-12-31T23:59:59") for offset in ("+14:00", "-14:00")]


def refusal(body: bytes) -> str | None:
    with pytest.raises(InvalidNoticeError) as refused:
        parse(body)
    return refused.value.pointer


def test_an_alert_is_read_with_its_times_its_areas_and_its_colour() -> None:
    alert = parse(cap(info(areas=("Bisenzio", "Valdarno"), onset="2127-12-11T06:00:00+01:00")))

    assert (alert.identifier, alert.kind, alert.test) == ("allerta-1", "Alert", False)
    (said,) = alert.infos
    assert (said.language, said.colour, said.areas) == ("it", Colour.ORANGE, ("Bisenzio", "Valdarno"))
    assert said.begins == datetime(2127, 12, 11, 5, tzinfo=UTC)
    assert said.expires == datetime(2127, 12, 11, 17, tzinfo=UTC)


@pytest.mark.parametrize("member", ["identifier", "sender", "sent", "status", "msgType", "scope"])
def test_what_an_alert_needs_is_named_where_it_is_missing(member: str) -> None:
    assert refusal(cap(**{member: None})) == f"#/alert/{member}"


@pytest.mark.parametrize("member", ["category", "event", "urgency", "severity", "certainty"])
def test_what_an_info_needs_is_named_where_it_is_missing(member: str) -> None:
    assert refusal(cap(info(), info(language="en", **{member: None}))) == f"#/alert/info/1/{member}"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("status", "actual"),
        ("status", " Actual "),
        ("msgType", "Revoke"),
        ("msgType", "Ack"),
        ("msgType", "Error"),
        ("scope", "Secret"),
        ("scope", "Restricted"),
        ("scope", "Private"),
        ("sent", "2026-12-10T13:05:00Z"),
        ("sent", "2026-12-10T13:05:00.5+01:00"),
        ("sent", "2026-12-10T13:05:00,01:00"),
        ("sent", "2026-12-10T13:05+01:00"),
        ("sent", "2026-12-10 13:05:00+01:00"),
        ("sent", "2026-12-10T24:00:00+01:00"),
        ("sent", "2026-02-30T13:05:00+01:00"),
        ("sent", "2026-12-10T13:05:00+25:00"),
        ("sent", "٢٠٢٦-12-10T13:05:00+01:00"),
        *(("sent", far) for far in FAR),
        ("identifier", ""),
        ("identifier", "due parole"),
        ("identifier", "a,b"),
        ("identifier", "è"),
        ("sender", "a&b"),
        ("references", "qualcosa"),
        ("references", "a,b,2026-12-10T13:05:00Z"),
        ("references", "a,b,2026-02-30T13:05:00+01:00"),
        *(("references", f"a,b,{far}") for far in FAR),
    ],
)
def test_a_value_that_an_alert_cannot_have_is_refused_with_its_place(member: str, value: str) -> None:
    assert refusal(cap(**{member: value})) == f"#/alert/{member}"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("category", "Weather"),
        ("urgency", "Soon"),
        ("urgency", ""),
        ("severity", "Huge"),
        ("certainty", "Sure"),
        ("responseType", "Panic"),
        ("language", "italiano!"),
        ("language", "abcdefgh"),
        ("onset", "2026-12-11T06:00:00Z"),
        ("effective", "domani"),
        ("expires", "2026-12-11T06:00:00.123+01:00"),
        ("event", " "),
        *((each, far) for each in ("onset", "effective", "expires") for far in FAR),
    ],
)
def test_a_value_that_an_info_cannot_have_is_refused_with_its_place(member: str, value: str) -> None:
    place = f"#/alert/info/0/{member}" + ("/0" if member in ("category", "responseType") else "")

    assert refusal(cap(info(**{member: value}))) == place


def test_an_area_needs_a_description() -> None:
    assert refusal(cap(info(areas=("Bisenzio", "")))) == "#/alert/info/0/area/1/areaDesc"


def test_what_ends_before_it_begins_is_refused() -> None:
    assert refusal(cap(info(onset="2127-12-11T19:00:00+01:00"))) == "#/alert/info/0/expires"


@pytest.mark.parametrize("offset", ["-00:00", "+00:00", "-10:00", "+05:30"])
def test_every_numeric_offset_is_taken(offset: str) -> None:
    assert parse(cap(sent=f"2026-12-10T13:05:00{offset}")).sent.utcoffset() is not None


def test_without_a_language_it_is_american_english() -> None:
    assert [each.language for each in parse(cap(info(language=None))).infos] == ["en"]


@pytest.mark.parametrize(
    ("given", "ours"),
    [("it-IT", "it"), ("EN-gb", "en"), ("zh-CN", "zh-Hans"), ("zh", "zh-Hans"), ("zh-TW", "zh-Hant"), ("sq", "sq")],
)
def test_a_language_is_called_as_our_channels_call_it(given: str, ours: str) -> None:
    assert parse(cap(info(language=given))).infos[0].language == ours


def test_two_infos_of_one_language_are_refused() -> None:
    assert refusal(cap(info(language="it-IT"), info(language="it-CH"))) == "#/alert/info"


@pytest.mark.parametrize("kind", ["Update", "Cancel"])
def test_who_changes_an_alert_must_say_which(kind: str) -> None:
    assert refusal(cap(msgType=kind)) == "#/alert/references"


def test_references_are_read_whatever_stands_between_them() -> None:
    alert = parse(cap(msgType="Update", references=f"{reference('a')}\n   {reference('b')}"))

    assert [each.identifier for each in alert.references] == ["a", "b"]


@pytest.mark.parametrize("kind", ["Alert", "Update"])
def test_an_alert_that_says_nothing_is_refused(kind: str) -> None:
    body = cap(msgType=kind, references=reference("a")).replace(info().encode(), b"")

    assert refusal(body) == "#/alert/info"


@pytest.mark.parametrize("status", ["Exercise", "Test", "System", "Draft"])
def test_whatever_is_not_actual_is_a_test(status: str) -> None:
    assert parse(cap(status=status)).test


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"<alert/>", "#"),
        (cap().replace(b"cap:1.2", b"cap:1.1"), "#"),
        (cap().replace(b"<alert", b"<warning").replace(b"</alert", b"</warning"), "#"),
        (cap(info() + "<info xmlns=''/>"), "#/alert"),
        (cap().replace(b"<scope>", b"<scope lang='it'>"), "#/alert"),
        (cap().replace(b"<scope>", b"testo<scope>"), "#/alert"),
        (cap().replace(b"<scope>Public", b"<scope><code/>"), "#/alert/scope"),
        (cap().replace(b"<scope>Public</scope>", b"<scope>Public</scope>" * 2), "#/alert/scope"),
        (cap(note="x").replace(b"<note>x</note>", b"<nota>x</nota>"), "#/alert"),
        (cap(info(urgency=None) + "<urgency>Past</urgency>"), "#/alert/info/0/urgency"),
        (cap(*[info()] * 13), "#/alert/info"),
    ],
)
def test_a_document_of_another_form_is_refused_with_its_place(body: bytes, place: str) -> None:
    assert refusal(body) == place


def test_a_signature_is_passed_over_and_nothing_in_it_counts() -> None:
    signature = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><a><b>x</b></a></Signature>'

    assert parse(cap(info() + signature)) == parse(cap())


def test_a_document_may_name_its_schema_and_hold_comments() -> None:
    schema = b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x CAP.xsd"'
    body = cap().replace(b"<identifier>", b"<!-- nota --><identifier>").replace(b"<alert ", b"<alert " + schema + b" ")

    assert parse(body) == parse(cap())


def test_prefixes_make_no_difference() -> None:
    body = cap().replace(b"xmlns=", b"xmlns:cap=").replace(b"</", b"\0").replace(b"<?", b"\1")

    assert parse(body.replace(b"<", b"<cap:").replace(b"\0", b"</cap:").replace(b"\1", b"<?")) == parse(cap())


DANGEROUS = {
    "an entity that reads a file": b'<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "an entity that is fetched": b'<!DOCTYPE alert [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
    "a document type elsewhere": b'<!DOCTYPE alert SYSTEM "http://127.0.0.1:9/cap.dtd">',
    "a public document type": b'<!DOCTYPE alert PUBLIC "-//x//y" "http://127.0.0.1:9/cap.dtd">',
    "a billion laughs": b'<!DOCTYPE alert [<!ENTITY l0 "ha">' + LAUGHS + b"]>",
    "a parameter entity": b'<!DOCTYPE alert [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>',
    "a harmless document type": b"<!DOCTYPE alert>",
}


@pytest.mark.parametrize("prolog", DANGEROUS.values(), ids=DANGEROUS)
def test_a_document_type_is_refused_before_anything_is_resolved(prolog: bytes) -> None:
    body = cap(note="x").replace(b"<alert", prolog + b"<alert", 1).replace(b"<note>x", b"<note>&x;&l9;")

    with pytest.raises(MalformedBodyError, match="document type"):
        parse(body)


UNREADABLE: dict[str, Any] = {
    "nothing": b"",
    "no XML": b'{"event_id": "x"}',
    "half a document": cap()[:-4],
    "two documents": cap() + cap(),
    "an unknown entity": cap(note="x").replace(b">x<", b">&nbsp;<"),
    "UTF-16": cap().decode().encode("utf-16"),
    "another encoding": cap().replace(b"UTF-8", b"ISO-8859-1"),
    "UTF-7": cap().replace(b"UTF-8", b"UTF-7"),
    "broken UTF-8": cap(note="x").replace(b">x<", b">\xff<"),
    "NUL": cap(note="x").replace(b">x<", b">\x00<"),
    "a control character by number": cap(note="x").replace(b">x<", b">&#1;<"),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_plain_xml_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        parse(body)


def test_depth_is_refused_however_deep() -> None:
    assert refusal(cap(info() + "<info>" * 100_000)) is not None


def test_the_colour_is_the_one_that_the_authority_names_and_is_never_guessed() -> None:
    awareness = info(colour=None) + ""
    named = awareness.replace(
        "<area>", "<parameter><valueName>awareness_level</valueName><value>4; red; Extreme</value></parameter><area>"
    )

    assert parse(cap(awareness)).infos[0].colour is None
    assert parse(cap(named)).infos[0].colour is Colour.RED


def test_several_languages_are_several_infos() -> None:
    alert = parse(cap(info(), info(language="en-GB"), info(language="zh-CN")))

    assert [each.language for each in alert.infos] == ["it", "en", "zh-Hans"]
