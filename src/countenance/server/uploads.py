"""Bodies of requests as temporary files, which are gone when the answer is."""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

_CHUNK_BYTES = 1 << 20
_ENDING = re.compile(r"\.[a-z0-9]{2,5}")
ENDINGS = {
    "video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm", "video/x-matroska": ".mkv",
    "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "audio/mpeg": ".mp3", "audio/mp4": ".m4a",
    "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/flac": ".flac",
}  # fmt: skip


@asynccontextmanager
async def body_file(request: Request, media_type: str) -> AsyncIterator[Path]:
    """The raw body as a file; its ending tells the media type."""
    with tempfile.TemporaryDirectory(prefix="countenance-") as folder:
        path = Path(folder) / f"upload{ENDINGS.get(media_type, '.bin')}"
        with path.open("wb") as stream:
            async for chunk in request.stream():
                await run_in_threadpool(stream.write, chunk)
        yield path


@asynccontextmanager
async def form_file(upload: UploadFile) -> AsyncIterator[tuple[Path, str]]:
    """A file of a form, and the name that its sender gave it, shortened to a plain one."""
    name = Path((upload.filename or "").replace("\\", "/")).name[:120]
    if not name or not upload.size:
        raise HTTPException(400, "No file was sent; choose a file first.")
    ending = Path(name).suffix.lower()
    with tempfile.TemporaryDirectory(prefix="countenance-") as folder:
        path = Path(folder) / f"upload{ending if _ENDING.fullmatch(ending) else '.bin'}"
        with path.open("wb") as stream:
            while chunk := await upload.read(_CHUNK_BYTES):
                await run_in_threadpool(stream.write, chunk)
        yield path, name
