"""Released packages of small files, and the settings of sinks to send them to."""

from __future__ import annotations

import json
import random
from pathlib import Path

from releases import EXAMPLES
from sqlalchemy import insert

from countenance.ledger.log import transaction
from countenance.rights.grants import load_grant
from countenance.rights.register import grant_commitment, record_grant
from countenance.store.files import write_json
from countenance.store.project import Project
from countenance.store.tables import release, variant

VARIANT, RELEASE = "01JD3ZVARIANT000000000000", "01JD3ZRELEASE000000000000"  # and a digit
FILM_BYTES = 1 << 20
CAMPAIGN = "espresso-launch"
SEGMENTS = 3


def variant_id(number: int = 1) -> str:
    return f"{VARIANT}{number}"


def release_id(number: int = 1) -> str:
    return f"{RELEASE}{number}"


def released(
    project: Project,
    out: Path,
    number: int = 1,
    *,
    language: str = "de",
    markets: tuple[str, ...] = ("DE", "AT"),
    channels: tuple[str, ...] = ("web",),
    film_bytes: int = FILM_BYTES,
    face: str = "keep",
    of: int | None = None,
) -> Path:
    """A release on record that rests on ben's grant, with the package of variant `of` (default: as the release)."""
    made = variant_id(number if of is None else of)
    folder = out / made
    _write(folder, number, language, film_bytes, face)
    grant = record_grant(project, load_grant(EXAMPLES / "ben" / "grant.yaml"), "ops").grant
    record = {
        "language": language, "grants": [grant_commitment(project, grant)], "release_id": release_id(number),
        "variant_id": made,
    }  # fmt: skip
    write_json(
        project.releases / release_id(number) / "release.json",
        {"receipt": {"scope": {"markets": list(markets), "channels": list(channels)}}},
    )
    with transaction(project) as ledger:
        if of is None:
            ledger.connection.execute(
                insert(variant).values(
                    id=made, job="j", campaign=CAMPAIGN, face=face, language=language, state="released"
                )
            )
        ledger.connection.execute(
            insert(release).values(
                id=release_id(number), variant_id=made, mark_id=f"{number:016x}", state="released", record=record,
                package=str(folder), released_at=f"2026-11-2{number}T10:00:00.000000Z",
            )
        )  # fmt: skip
        ledger.append("release.sealed", "ops", {"release": release_id(number), "grants": record["grants"]})
    return folder


def _write(folder: Path, seed: int, language: str, film_bytes: int, face: str) -> None:
    content = {
        "video.mp4": random.Random(seed).randbytes(film_bytes),
        "poster.jpg": random.Random(seed + 100).randbytes(2000),
        "captions.vtt": b"WEBVTT\n\n00:00.000 --> 00:01.000\nKaffee\n",
        "captions.srt": b"1\n00:00:00,000 --> 00:00:01,000\nKaffee\n",
        "transcript.txt": b"Kaffee\n",
        "qc.json": b"{}",
        "qc.html": b"<!doctype html>",
        "receipt.json": json.dumps(
            {
                "receipt": {
                    "campaign": CAMPAIGN, "variant": {"face": face}, "review": {"in_one_go": False, "by": "Ina Weber"},
                },
                "record": {
                    "variant_id": folder.name, "release_id": release_id(seed), "language": language,
                    "released_at": "2026-11-21T10:00:00.000000Z",
                },
                "disclosure": {"sentence": "Changed with AI.", "player_note": "AI modified.", "parts": ["mouth"]},
            }
        ).encode(),
        "patches/ben.png": b"inside",
        "hls/master.m3u8": b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/index.m3u8\n",
        "hls/low/index.m3u8": b"#EXTM3U\n" + b"".join(b"%d.m4s\n" % n for n in range(SEGMENTS)),
        **{f"hls/low/{n}.m4s": random.Random(seed * 50 + n).randbytes(3000) for n in range(SEGMENTS)},
        "video.jsonld": json.dumps(
            {
                "@context": "https://schema.org", "@type": "VideoObject", "name": CAMPAIGN, "description": "Kaffee",
                "contentUrl": "video.mp4", "duration": "PT2S", "uploadDate": "2026-11-21T10:00:00+00:00",
                "thumbnailUrl": ["poster.jpg"], "inLanguage": language, "transcript": "Kaffee",
                "caption": {"@type": "MediaObject", "contentUrl": "captions.vtt", "inLanguage": language},
                "width": {"value": 1280}, "height": {"value": 720}, "regionsAllowed": ["DE", "AT"],
            }
        ).encode(),
    }  # fmt: skip
    for name, one in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(one)


def add_settings(project: Project, text: str) -> None:
    with project.settings_path.open("a", encoding="utf-8") as settings:
        settings.write(f"\n{text}\n")


def sink_text(name: str, kind: str, url: str, *more: str) -> str:
    """A `[[sink]]` table; retries come soon, so that tests need not wait."""
    return "\n".join(["[[sink]]", f'name = "{name}"', f'kind = "{kind}"', f'url = "{url}"', "retry_s = 2", *more])
