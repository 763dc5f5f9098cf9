"""The C2PA Soft Binding Resolution API: from a mark, or a file that carries one, to its signed history.

Paths, parameters and answers are those of the specification's OpenAPI document (C2PA 2.x, "Decoupled"):
queries by binding and by content, fetching a manifest store, and the list of algorithms. Storing is not
offered, since only releases of this project are resolved, and so is no query by reference: this server
fetches nothing.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from countenance.errors import InputError
from countenance.provenance.manifest_store import active_manifest, manifest_store
from countenance.server.desk import Desk
from countenance.server.resolver import WATERMARKS, Resolved, by_manifest, by_mark, by_release, mark_of
from countenance.server.uploads import body_file

_LONGEST_VALUE = 1024
_KINDS = ("image/", "audio/", "video/")

MaxResults = Annotated[int, Query(alias="maxResults", ge=1, description="The most identifiers to return.")]
Algorithm = Annotated[str, Query(description="The name of the soft binding algorithm.")]


class BindingQuery(BaseModel):
    """A soft binding: the algorithm's name, and its value in base64."""

    alg: str
    value: str = Field(max_length=1 << 16)


class Match(BaseModel):
    """A manifest that belongs to the binding; `similarityScore` 0..100 where one was measured."""

    manifestId: str
    similarityScore: int | None = None


class Matches(BaseModel):
    """The answer of all queries; no match is an empty list."""

    matches: list[Match]


class AlgorithmName(BaseModel):
    alg: str


class Algorithms(BaseModel):
    """Which bindings can be asked for."""

    watermarks: list[AlgorithmName]
    fingerprints: list[AlgorithmName]


def resolution_routes(desk: Desk) -> APIRouter:
    """The routes, answering for one project."""
    routes = APIRouter(tags=["C2PA soft binding resolution"])
    answered: dict[str, Any] = {"response_model": Matches, "response_model_exclude_none": True}

    @routes.get("/matches/byBinding", **answered)
    def query_by_binding(
        alg: Algorithm, value: Annotated[str, Query(description="In base64.")], maxResults: MaxResults = 10
    ) -> Matches:
        """Manifest identifiers that belong to a soft binding."""
        if len(value) > _LONGEST_VALUE:
            raise HTTPException(414, "The value is too long for a URL; send it with POST.")
        return _matches(_by_binding(desk, alg, value))

    @routes.post("/matches/byBinding", **answered)
    def query_by_large_binding(query: BindingQuery, maxResults: MaxResults = 10) -> Matches:
        """The same for a value that is too large for a URL."""
        return _matches(_by_binding(desk, query.alg, query.value))

    @routes.post("/matches/byContent", **answered)
    async def query_by_content(
        request: Request,
        alg: Annotated[str | None, Query()] = None,
        hintAlg: Annotated[str | None, Query()] = None,
        hintValue: Annotated[str | None, Query()] = None,
        maxResults: MaxResults = 10,
    ) -> Matches:
        """Manifest identifiers that belong to an uploaded file (the raw body)."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not media_type.startswith(_KINDS):
            raise HTTPException(415, "Send an image, a sound or a video, with its media type as Content-Type.")
        if alg is not None:
            _known(alg)
        async with body_file(request, media_type) as path:
            try:
                seen = await run_in_threadpool(desk.look, path, asked="matches.byContent", name="upload")
            except InputError as exc:
                raise HTTPException(415, "This file cannot be read as an image, a sound or a video.") from exc
        found = by_release(desk.project, seen.release_id) if seen.release_id else None
        if found is None and hintAlg and hintValue:
            return _matches(await run_in_threadpool(_by_binding, desk, hintAlg, hintValue))
        return _matches(found, round(100 * seen.confidence))

    @routes.get("/manifests/{manifest_id}", response_class=Response)
    def manifest_by_id(manifest_id: str, returnActiveManifest: bool = False) -> Response:
        """A manifest store, or its active manifest alone, as application/c2pa."""
        found = by_manifest(desk.project, manifest_id)
        if found is None:
            raise HTTPException(404, "No release of this project has a manifest of this id.")
        if found.withdrawn:
            raise HTTPException(410, f"Release {found.release_id} was withdrawn; its history is not handed out.")
        store = manifest_store(found.file)
        return Response(active_manifest(store) if returnActiveManifest else store, media_type="application/c2pa")

    @routes.get("/services/supportedAlgorithms", response_model=Algorithms)
    def supported_algorithms() -> Algorithms:
        """The soft binding algorithms that can be asked for."""
        return Algorithms(watermarks=[AlgorithmName(alg=name) for name in WATERMARKS], fingerprints=[])

    return routes


def _by_binding(desk: Desk, alg: str, value: str) -> Resolved | None:
    _known(alg)
    try:
        found = by_mark(desk.project, mark_of(value))
    except InputError as exc:
        raise HTTPException(400, str(exc)) from exc
    state = "unknown" if found is None else "withdrawn" if found.withdrawn else "released"
    desk.note("matches.byBinding", found.release_id if found else None, state)
    return found


def _known(alg: str) -> None:
    if alg not in WATERMARKS:
        raise HTTPException(400, f"The algorithm {alg[:64]!r} is not resolved here; ask for {', '.join(WATERMARKS)}.")


def _matches(found: Resolved | None, score: int | None = None) -> Matches:
    """A mark belongs to one release at most, so `maxResults` never cuts anything off."""
    return Matches(matches=[Match(manifestId=found.manifest_id, similarityScore=score)] if found else [])
