# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/problems/{slug}: what a problem means and what to do, for whoever opens its `type`."""

import html
import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.api.accepting import prefers
from app.api.document_answers import example
from app.api.language import language_of
from app.api.problem_types import TYPES
from app.domain.errors import NotFoundError

PAGE = (Path(__file__).parent / "static" / "problem.html").read_text(encoding="utf-8")
LIST = (Path(__file__).parent / "static" / "problems.html").read_text(encoding="utf-8")
POLICY = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
    "Vary": "Accept, Accept-Language",
}
HEADINGS = {"it": ("Che cosa fare", "Esempio"), "en": ("What to do", "Example")}
ALL = {"it": "I problemi che l'interfaccia può segnalare", "en": "The problems that the interface can tell of"}


async def problem_page(request: Request) -> Response:
    """Explain a problem type, in HTML for people and in JSON for programs."""
    slug = request.path_params["slug"]
    if slug not in TYPES:
        raise NotFoundError("There is no such problem.")
    language = language_of(request.scope)
    kind, words = TYPES[slug].kind, TYPES[slug].words[language]
    told = {"title": words.title, "meaning": words.meaning, "what_to_do": words.what_to_do}
    shown = example(kind, language)
    if not _reads_html(request):
        headers = {"Vary": POLICY["Vary"], "Content-Language": language}
        return JSONResponse({**told, "status": kind.status, "example": shown}, headers=headers)
    to_do, sample = HEADINGS[language]
    texts = {**told, "example": json.dumps(shown, indent=2, ensure_ascii=False), "to_do": to_do, "sample": sample}
    return _page(PAGE, {**texts, "lang": language, "status": str(kind.status)}, language)


async def problem_list(request: Request) -> Response:
    """List every type there is."""
    language = language_of(request.scope)
    rows = [(slug, kind.kind.status, kind.words[language].title) for slug, kind in TYPES.items()]
    if not _reads_html(request):
        items = [{"type": slug, "status": status, "title": title} for slug, status, title in rows]
        return JSONResponse({"items": items}, headers={"Vary": POLICY["Vary"], "Content-Language": language})
    lines = "\n".join(
        f'<li><a href="problems/{slug}">{status} {html.escape(title)}</a></li>' for slug, status, title in rows
    )
    page = LIST.replace("{items}", lines).replace("{title}", html.escape(ALL[language])).replace("{lang}", language)
    return HTMLResponse(page, headers={**POLICY, "Content-Language": language})


def _page(form: str, texts: dict[str, str], language: str) -> Response:
    shown = form.format(**{name: html.escape(text) for name, text in texts.items()})
    return HTMLResponse(shown, headers={**POLICY, "Content-Language": language})


def _reads_html(request: Request) -> bool:
    """Tell a browser, which wants pages most, from a program, which gets JSON unless it asks for something else."""
    return prefers(request.headers.getlist("accept"), "text/html", "application/json")


def routes() -> list[BaseRoute]:
    return [Route("/problems", problem_list), Route("/problems/{slug}", problem_page)]
