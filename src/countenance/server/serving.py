"""What ad servers ask before each delivery: may this variant be shown now?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from countenance.campaign.serving import BELIEVED, serving_of, signed_list
from countenance.errors import InputError
from countenance.server.desk import Desk

_FRESH = {"Cache-Control": "no-store"}  # a withdrawal must be in the very next answer


def serving_routes(desk: Desk) -> APIRouter:
    """The routes, answering for one project."""
    routes = APIRouter(tags=["serving"])

    @routes.get("/serving.json")
    def whole() -> JSONResponse:
        """The signed list of all variants; check it with the ledger key of `/anchor.pem`, offline."""
        age = f"max-age={int(BELIEVED.total_seconds()) // 3}"
        return JSONResponse(signed_list(desk.project), headers={"Cache-Control": age})

    @routes.get("/serving/{variant}")
    def one(variant: str, market: str | None = None, channel: str | None = None) -> JSONResponse:
        """Whether a variant may be served now, in a market (such as DE) and on a channel (such as web)."""
        try:
            found: dict[str, Any] = asdict(serving_of(desk.project, variant.upper(), market, channel))
        except InputError:
            raise HTTPException(404, "No variant of this id was ever released; do not serve it.") from None
        return JSONResponse(found, headers=_FRESH)

    return routes
