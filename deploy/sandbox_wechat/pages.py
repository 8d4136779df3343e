# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The page that shows the account as on a phone; an article has a page of its own, as it would have."""

from pathlib import Path

from deploy.sandbox.pages import page_of

FOLDER = Path(__file__).parent / "page"
FILES = {
    "/": ("index.html", "text/html"),
    "/page/page.css": ("page.css", "text/css"),
    "/page/page.js": ("page.js", "text/javascript"),
}
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Articles carry their looks in style attributes, as WeChat's do; nothing else is inline."""
ROUTES = page_of(FOLDER, FILES, POLICY)
