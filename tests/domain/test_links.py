# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which web addresses may stand in a notice, and in which form they go out."""

import pytest

from app.domain.links import checked_link, known_link
from app.domain.markup import checked_markup, parse
from app.domain.spelling import SpellingError


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://www.comune.example.it/avvisi/1?a=b&c=d#e", "https://www.comune.example.it/avvisi/1?a=b&c=d#e"),
        ("HTTPS://Comune.Example.IT", "https://comune.example.it/"),
        ("https://a.it?x=1", "https://a.it/?x=1"),
        ("https://a.it#f", "https://a.it/#f"),
        ("https://a.it:8443/x", "https://a.it:8443/x"),
        ("https://a.it//b//c", "https://a.it//b//c"),
        ("https://a.it/perché (uno)", "https://a.it/perch%C3%A9%20(uno)"),
        ("https://a.it/%C3%A9", "https://a.it/%C3%A9"),
        ("https://xn--mnchen-3ya.de/", "https://xn--mnchen-3ya.de/"),
    ],
)
def test_an_address_is_written_in_its_plain_form(written: str, sent: str) -> None:
    assert checked_link(written) == sent
    assert checked_link(sent) == sent


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("javascript:alert(1)", "links to javascript: are not allowed, only https:"),
        ("http://www.comune.example.it/", "links to http: are not allowed, only https:"),
        ("HTTP:x", "links to http: are not allowed, only https:"),
        ("MAILTO:mensa@comune.example.it", "links to mailto: are not allowed, only https:"),
        ("tel:+390574000110", "links to tel: are not allowed, only https:"),
        ("tg://user?id=1", "links to tg: are not allowed, only https:"),
        ("data:text/html,x", "links to data: are not allowed, only https:"),
        ("/avvisi/1", "a link must be a whole address that begins with https://"),
        ("www.comune.example.it", "a link must be a whole address that begins with https://"),
        ("//a.it/x", "a link must be a whole address that begins with https://"),
        ("", "a link must be a whole address that begins with https://"),
        ("https:a.it", "a link needs a host name such as www.comune.example.it"),
        ("https:///x", "a link needs a host name such as www.comune.example.it"),
        ("https://localhost/x", "a link needs a host name such as www.comune.example.it"),
        ("https://127.0.0.1/x", "a link needs a host name such as www.comune.example.it"),
        ("https://[::1]/x", "a link needs a host name such as www.comune.example.it"),
        ("https://a..it/", "a link needs a host name such as www.comune.example.it"),
        ("https://a%2eit/", "a link needs a host name such as www.comune.example.it"),
        ("https://a.it:99999/", "a link has a host or port that cannot be read"),
        ("https://[::1/", "a link has a host or port that cannot be read"),
        ("https://comune.it@evil.example/", "a link must not carry a user name or password"),
        ("https://a.it/" + "x" * 2048, "a link is longer than 2048 characters"),
    ],
)
def test_an_address_that_leads_elsewhere_is_refused_by_name(written: str, complaint: str) -> None:
    with pytest.raises(SpellingError) as refusal:
        checked_link(written)

    assert str(refusal.value) == complaint


@pytest.mark.parametrize(
    "text", ["[qui](http://a.example.it/)", "<HTTP://a.example.it/x>", "> - a\n> - [b](http://a.it)"]
)
def test_a_text_leads_to_no_page_that_anybody_on_the_way_can_change_but_one_of_older_rules_is_still_read(
    text: str,
) -> None:
    with pytest.raises(SpellingError, match=r"links to http: are not allowed, only https:"):
        checked_markup(text)

    assert parse(text)
    assert known_link("HTTP://a.example.it") == "http://a.example.it/"
