"""The HTTP application of one project: `/verify`, `/withdraw`, `/serving`, the soft binding resolution, `/health`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy import func, select
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from countenance import __version__
from countenance.errors import CountenanceError
from countenance.server.desk import BusyError, Desk, Options
from countenance.server.limits import Limited, Rate
from countenance.server.proofs import proof_routes
from countenance.server.resolution import resolution_routes
from countenance.server.serving import serving_routes
from countenance.server.verify_page import verify_routes
from countenance.server.withdraw_page import withdraw_routes
from countenance.store.database import reading
from countenance.store.project import Project
from countenance.store.tables import ledger_entry

PATIENCE_S = 5  # with clients that are in the middle of something when the server is told to stop
API_PREFIX = "/v1"  # under which the specification's document serves; the bare paths answer alike
_HEAVY = (("POST", "/verify"), ("POST", "/matches/byContent"), ("GET", "/proof"))
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


def create_app(project: Project, options: Options | None = None) -> FastAPI:
    """The application; it writes nothing but `detector.query` entries and withdrawals by token."""
    desk = Desk(project, options or Options())
    app = FastAPI(title="Countenance", version=__version__, docs_url=None, redoc_url=None)
    app.include_router(verify_routes(desk))
    app.include_router(withdraw_routes(desk))
    app.include_router(proof_routes(desk))
    app.include_router(serving_routes(desk))
    routes = resolution_routes(desk)
    app.include_router(routes)
    app.include_router(routes, prefix=API_PREFIX, include_in_schema=False)
    app.add_middleware(
        Limited,
        most_bytes=desk.options.most_bytes,
        heavy=Rate(desk.options.looks_per_minute),
        light=Rate(desk.options.requests_per_minute),
        heavy_calls=_HEAVY,
    )
    _answer_errors(app)

    @app.middleware("http")
    async def with_headers(request: Request, following: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await following(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.get("/health", tags=["service"])
    def health() -> dict[str, object]:
        """Whether the project can be read."""
        with reading(project) as connection:
            count = connection.execute(select(func.count()).select_from(ledger_entry)).scalar_one()
        return {"status": "ok", "version": __version__, "ledger_entries": count}

    return app


def _answer_errors(app: FastAPI) -> None:
    """Every error is a JSON object with one sentence; nothing of the inside shows."""

    @app.exception_handler(HTTPException)
    async def of_http(_request: Request, problem: HTTPException) -> JSONResponse:
        return JSONResponse({"error": str(problem.detail)}, problem.status_code, problem.headers)

    @app.exception_handler(RequestValidationError)
    async def of_query(_request: Request, problem: RequestValidationError) -> JSONResponse:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return JSONResponse({"error": f"{place}: {first['msg']}."}, 400)

    @app.exception_handler(BusyError)
    async def of_rush(_request: Request, problem: BusyError) -> JSONResponse:
        return JSONResponse({"error": str(problem)}, 503, {"Retry-After": "60"})

    @app.exception_handler(CountenanceError)
    async def of_product(_request: Request, problem: CountenanceError) -> JSONResponse:
        return JSONResponse({"error": "The service cannot answer at the moment; tell its operator."}, 500)
