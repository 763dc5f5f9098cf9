"""`/withdraw/TOKEN`: the link of a receipt, by which a person takes their consent back as easily as they gave it."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, Response

from countenance.campaign.withdrawing import withdraw_with_token
from countenance.errors import InputError
from countenance.quality.page import environment
from countenance.rights.register import find_by_token
from countenance.server.desk import Desk
from countenance.server.verify_page import PAGE_POLICY, Language, language_of
from countenance.server.words import WITHDRAW_WORDS


def withdraw_routes(desk: Desk) -> APIRouter:
    """The routes, answering for one project. Looking at the link changes nothing: programs follow links too."""
    routes = APIRouter(tags=["withdraw"])

    @routes.get("/withdraw/{token}", response_class=HTMLResponse)
    def ask(request: Request, token: str, language: Language = None) -> HTMLResponse:
        """The page that asks whether the consent is to be withdrawn."""
        grant = find_by_token(desk.project, token)
        if grant is None:
            return _page(desk, language_of(request, language), "invalid", 404)
        state = "ask" if grant.withdrawn_at is None else "already"
        return _page(desk, language_of(request, language), state, controller=grant.grant.controller)

    @routes.post("/withdraw/{token}")
    async def withdraw(request: Request, token: str, language: Language = None) -> Response:
        """Withdraw; the page where the client wants HTML, else JSON."""
        html, spoken = "text/html" in request.headers.get("accept", ""), language_of(request, language)
        try:
            done = await run_in_threadpool(withdraw_with_token, desk.project, token)
        except InputError as problem:
            return _page(desk, spoken, "invalid", 404) if html else JSONResponse({"error": str(problem)}, 404)
        pulled = len(done.pulls)
        if html:
            return _page(desk, spoken, "done", controller=done.grants[0].grant.controller, pulled=pulled)
        return JSONResponse({"withdrawn": [one.id for one in done.grants], "releases_pulled": pulled})

    return routes


def _page(
    desk: Desk, language: str, state: str, status: int = 200, *, controller: str = "", pulled: int = 0
) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    content = (
        environment("countenance.server")
        .get_template("withdraw.html.j2")
        .render(
            language=language,
            words=WITHDRAW_WORDS[language],
            maker=desk.project.settings.tenant,
            controller=controller,
            pulled=pulled,
            state=state,
            nonce=nonce,
        )
    )
    return HTMLResponse(content, status, {"Content-Security-Policy": PAGE_POLICY.format(nonce=nonce)})
