"""`/verify`: a file goes in, the answer comes out, as a page for people or as JSON for machines."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response

from countenance.errors import InputError
from countenance.provenance.verify import Verification
from countenance.provenance.verify_words import LANGUAGES
from countenance.quality.page import environment
from countenance.server.desk import BusyError, Desk
from countenance.server.uploads import form_file
from countenance.server.words import WORDS

PAGE_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_NEARLY = 0.9999  # beyond, the page says so
Language = Annotated[str | None, Query(description="en or de; otherwise as the browser prefers.")]


def verify_routes(desk: Desk) -> APIRouter:
    """The routes, answering for one project."""
    routes = APIRouter(tags=["verify"])

    @routes.get("/", include_in_schema=False)
    @routes.get("/verify", response_class=HTMLResponse)
    def ask(request: Request, language: Language = None) -> HTMLResponse:
        """The page on which a file can be chosen."""
        return _page(desk, language_of(request, language))

    @routes.post("/verify")
    async def verify(request: Request, language: Language = None) -> Response:
        """Verify the file in the form field `file`: a page where the client wants HTML, else JSON."""
        spoken = language_of(request, language)
        html = "text/html" in request.headers.get("accept", "")
        words = WORDS[spoken]
        try:
            async with request.form(max_files=1, max_fields=4) as form:
                upload = form.get("file")
                if not isinstance(upload, UploadFile):
                    raise HTTPException(400, words["no file"])
                async with form_file(upload) as (path, name):
                    seen = await run_in_threadpool(desk.look, path, asked="verify", name=name, language=spoken)
        except BusyError:
            problem, status = words["busy"], 503
        except InputError:
            problem, status = words["unreadable"], 415
        except HTTPException as exc:
            problem, status = words["no file"] if exc.status_code == 400 else str(exc.detail), exc.status_code
        else:
            return _page(desk, spoken, seen) if html else JSONResponse(seen.to_json())
        headers = {"Retry-After": "60"} if status == 503 else None
        if html:
            return _page(desk, spoken, problem=problem, status=status, headers=headers)
        return JSONResponse({"error": problem}, status, headers)

    return routes


def _page(
    desk: Desk,
    language: str,
    seen: Verification | None = None,
    *,
    problem: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    words = WORDS[language]
    sign, verdict = _verdict(seen)
    content = (
        environment("countenance.server")
        .get_template("verify.html.j2")
        .render(
            language=language,
            words=words,
            maker=desk.project.settings.tenant,
            most=desk.options.most_bytes >> 20,
            nonce=nonce,
            seen=seen,
            sign=sign,
            verdict=verdict,
            problem=problem,
            confidence=lambda value: _confidence(value, words, language),
        )
    )
    return HTMLResponse(
        content, status, {**(headers or {}), "Content-Security-Policy": PAGE_POLICY.format(nonce=nonce)}
    )


def _verdict(seen: Verification | None) -> tuple[str, str]:
    """The sign (good, bad or open) and the name of the answer in a word."""
    if seen is None or not seen.ours:
        return "open", "strange"
    if seen.exit_status == 0:
        return "good", "genuine"
    if seen.release_state == "withdrawn":
        return "bad", "withdrawn"
    if seen.redubbed:
        return "bad", "redubbed"
    return ("open", "changed") if seen.released else ("bad", "unproven")


def _confidence(value: float, words: dict[str, Any], language: str) -> str:
    if value == 1:
        return str(words["certain"])
    text = f"{100 * value:.4g}\u00a0%" if value <= _NEARLY else f">\u00a0{100 * _NEARLY:.4g}\u00a0%"
    return text.replace(".", ",") if language == "de" else text


def language_of(request: Request, asked: str | None) -> str:
    """The language that was asked for, else the first that the browser names and we have."""
    wishes = [asked] if asked else []
    wishes += [part.partition(";")[0] for part in request.headers.get("accept-language", "").split(",")]
    short = (str(one).strip().lower()[:2] for one in wishes)
    return next((one for one in short if one in LANGUAGES), LANGUAGES[0])
