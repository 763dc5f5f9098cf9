"""What a stranger needs to go on checking without this server: the anchor, and the proof of a release."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from countenance.ledger.log import entries
from countenance.ledger.proof import prove
from countenance.provenance.anchor import anchor_text
from countenance.server.desk import Desk
from countenance.store.database import reading
from countenance.store.tables import release


def proof_routes(desk: Desk) -> APIRouter:
    """The routes, answering for one project."""
    routes = APIRouter(tags=["proofs"])

    @routes.get("/anchor.pem", response_class=PlainTextResponse)
    def anchor() -> PlainTextResponse:
        """Root certificate and the ledger's public key; trust them only as far as the way by which they came."""
        return PlainTextResponse(anchor_text(desk.project), media_type="application/x-pem-file")

    @routes.get("/releases/{release_id}/proof")
    def proof(release_id: str) -> dict[str, Any]:
        """The inclusion proof of a release's sealing, for `countenance verify FILE --anchor … --proof …`."""
        with reading(desk.project) as connection:
            state = connection.execute(select(release.c.state).where(release.c.id == release_id)).scalar_one_or_none()
        sealed = [one for one in entries(desk.project, "release.sealed") if one.data.get("release") == release_id]
        if state is None or not sealed:
            raise HTTPException(404, "The ledger knows of no release of this id.")
        if state == "withdrawn":
            raise HTTPException(410, f"Release {release_id} was withdrawn; no proof of it is given out.")
        return prove(desk.project, sealed[0].seq)

    return routes
