# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/problems/{slug}: what a problem means and what to do, for whoever opens its `type`."""

import html
import json

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.api.document_answers import example
from app.api.problems import TITLES
from app.domain.errors import NotFoundError

WHAT_TO_DO = {
    "malformed-body": "Send one JSON document in UTF-8, each member once, no NaN, at most 32 levels deep.",
    "invalid-parameter": "Look at `errors`: each entry names a parameter or header. Keys belong into Authorization.",
    "invalid-cursor": "Begin the list again without `cursor`, then follow `next`.",
    "unauthenticated": "Send Authorization: Bearer and a valid key. An operator issues a new one if yours has ended.",
    "forbidden": "Use a key of another role, or ask an operator to allow the service to this source.",
    "not-found": "Check the address. A source finds only its own notices.",
    "method-not-allowed": "Use one of the methods in the header Allow.",
    "event-exists": "The same event: amend the notice in `notice` with PATCH. Another event: give it its own event_id.",
    "state-conflict": "Look at the present state, then decide.",
    "precondition-failed": "Read the notice again and repeat the change with its ETag.",
    "precondition-required": "Send If-Match with the ETag of the notice, or `*`.",
    "too-large": "Send less: `limit` is the number of bytes that are allowed.",
    "unsupported-media-type": "Send the media type that the documentation names, in UTF-8, without content encoding.",
    "invalid-notice": "Look at `errors`: each entry has a JSON pointer to the place and the rule it breaks.",
    "invalid-body": "Look at `errors`: each entry has a JSON pointer to the place and the rule it breaks.",
    "invalid-channel": "Do what `detail` says (such as making the bot an administrator), then try again.",
    "unknown-service": "Use a service from GET /v1/services, or make it first with PUT /v1/services/{slug}.",
    "internal": "Report `instance` to us. Sending a notice again is always safe.",
    "unavailable": "Nothing was stored. Wait as long as Retry-After says, then send it again.",
}
PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>{meaning}</p><h2>What to do</h2><p>{what_to_do}</p>
<h2>Example</h2><pre>{example}</pre></main></body></html>
"""
POLICY = {"Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'", "Vary": "Accept"}


async def problem_page(request: Request) -> Response:
    """Explain a problem type, in HTML for people and in JSON for programs."""
    slug = request.path_params["slug"]
    if slug not in TITLES:
        raise NotFoundError("There is no such problem.")
    kind, title = TITLES[slug]
    told = {"title": title, "meaning": kind.__doc__ or "", "what_to_do": WHAT_TO_DO[slug]}
    shown = example(kind)
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({**told, "status": kind.status, "example": shown}, headers={"Vary": "Accept"})
    texts = {**told, "example": json.dumps(shown, indent=2)}
    return HTMLResponse(PAGE.format(**{name: html.escape(text) for name, text in texts.items()}), headers=POLICY)


def routes() -> list[BaseRoute]:
    return [Route("/problems/{slug}", problem_page)]
