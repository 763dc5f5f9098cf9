"""The creatives of the feed: what is published at a sink, from its package and what is on record."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from countenance.campaign.placing import package_of, refusal
from countenance.campaign.serving import Serving, serving_list
from countenance.campaign.variants import VariantRow, variant_rows
from countenance.delivery.feed import Creative
from countenance.delivery.sinks.settings import SinkSettings, find_sink
from countenance.delivery.tagging import with_utm
from countenance.delivery.watch import seconds_of
from countenance.errors import InputError
from countenance.store.files import read_json
from countenance.store.placements import PLACED, Placement, placements
from countenance.store.project import Project

UTM_MEDIUM = "video"


def creatives_at(
    project: Project, sink: str, campaign: str | None = None, *, landing: str = "", source: str = ""
) -> tuple[Creative, ...]:
    """Everything that is published at a sink, of one campaign if it is named, in the order of its releases.

    `landing` is a page that each creative links to, with UTM parameters: `source` (default: the sink's name), and the
    variant as the content. InputError for an unknown sink, or a landing page that is no web address.
    """
    settings = find_sink(project, sink)
    rows = {row.id: row for row in variant_rows(project)}
    lying: dict[str, list[Placement]] = {}
    for one in placements(project, sink=sink):
        if one.state == PLACED and one.site is None and one.release is not None:
            lying.setdefault(one.release, []).append(one)
    found = []
    for serving in serving_list(project):
        row = rows[serving.variant]
        files = lying.get(serving.release, [])
        index = next((one for one in files if one.name == f"{serving.variant}.json"), None)
        if index is None or (campaign is not None and row.campaign != campaign):
            continue
        link = (
            with_utm(landing, serving.variant, row.campaign, source=source or sink, medium=UTM_MEDIUM)
            if landing
            else ""
        )
        found.append(_creative(project, settings, serving, row, files, index.url, link))
    return tuple(found)


def _creative(
    project: Project,
    settings: SinkSettings,
    serving: Serving,
    row: VariantRow,
    files: Iterable[Placement],
    index: str,
    landing: str,
) -> Creative:
    folder = package_of(project, serving.release)
    receipt, jsonld = read_json(folder / "receipt.json"), read_json(folder / "video.jsonld")
    start = f"{serving.variant}-{serving.language}"
    by_end = {PurePosixPath(one.name).name.removeprefix(start): one for one in files}
    film = by_end.get(".mp4")
    if film is None:
        raise InputError(f"variant {serving.variant} has no video at {settings.name}; publish it again.")
    playlist = next((one.url for one in files if PurePosixPath(one.name).name in _MASTERS), "")
    return Creative(
        variant=serving.variant, release=serving.release, campaign=row.campaign, face=row.face,
        language=serving.language, duration_s=round(seconds_of(jsonld["duration"]), 3),
        width=_pixels(jsonld.get("width")), height=_pixels(jsonld.get("height")),
        voice=_voice(receipt["receipt"].get("voice", "original")), made=tuple(receipt["disclosure"]["parts"]),
        disclosure=receipt["disclosure"]["sentence"],
        source_type=str(jsonld.get("digitalSourceType", "")).rpartition("/")[2], markets=serving.markets,
        channels=serving.channels, until=serving.until, serve=not refusal(serving, settings), sink=settings.name,
        video=film.url, video_sha256=film.sha256, video_bytes=film.bytes, poster=_url(by_end.get("-poster.jpg")),
        captions=_url(by_end.get("-captions.vtt")), playlist=playlist, index=index, landing=landing,
    )  # fmt: skip


_MASTERS = ("master.m3u8", "main.m3u8", "multivariant.m3u8")


def _voice(told: Any) -> str:
    return str(told.get("engine", "synthetic")) if isinstance(told, dict) else str(told)


def _url(one: Placement | None) -> str:
    return one.url if one else ""


def _pixels(value: Any) -> int:
    return int(value["value"]) if isinstance(value, dict) else 0
