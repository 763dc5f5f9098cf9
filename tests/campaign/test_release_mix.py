"""A released dub whose master has music and effects on a track of their own."""

from __future__ import annotations

import json
from pathlib import Path

import av
import c2pa
import numpy as np
import pytest
from campaigns import SECONDS, cut_master, write_campaign
from soundtracked import RATE_HZ, level_at, tone, write_master

from countenance.campaign.produce import produce
from countenance.campaign.variants import variant_rows
from countenance.media.audio import read_audio
from countenance.media.loudness import measure_loudness
from countenance.store.project import init_project

MUSIC_HZ = 330.0
NOTE = "music and effects of the master under the new voice"


def two_tracks(folder: Path) -> Path:
    """Ada's first pictures and words over a tone, and the tone alone on a second track."""
    shot = cut_master(folder / "shot.mp4")
    said = read_audio(shot, RATE_HZ)
    assert said is not None
    music = tone(MUSIC_HZ, SECONDS, 2, 0.02)
    programme = music.copy()
    programme[: len(said)] += said[: len(programme)] * np.float32(0.7)
    sound = write_master(folder / "sound.mkv", [(programme, {}), (music, {"title": "M&E"})], pictures=1)
    target = folder / "master.mkv"
    with av.open(str(shot)) as seen, av.open(str(sound)) as heard, av.open(str(target), "w") as container:
        video = container.add_stream_from_template(seen.streams.video[0])
        tracks = {track.index: container.add_stream_from_template(track) for track in heard.streams.audio}
        for track, old in zip(tracks.values(), heard.streams.audio, strict=True):
            track.metadata.update(old.metadata)
        for packet in seen.demux(seen.streams.video[0]):
            if packet.dts is not None:
                packet.stream = video
                container.mux(packet)
        for packet in heard.demux(*heard.streams.audio):
            if packet.dts is not None:
                packet.stream = tracks[packet.stream.index]
                container.mux(packet)
    return target


@pytest.mark.long
def test_what_is_delivered_keeps_the_music_and_says_so_everywhere(tmp_path: Path) -> None:
    project = init_project(tmp_path)
    brief = write_campaign(
        tmp_path / "brief", two_tracks(tmp_path), faces=("keep",), languages=("de",),
        sound={"profile": "broadcast", "ducking": False},
    )  # fmt: skip
    produce(project, brief, tmp_path / "out", approve_as="Demo Reviewer")
    (row,) = variant_rows(project)
    package = tmp_path / "out" / row.id
    sound = read_audio(package / "video.mp4", RATE_HZ)
    assert sound is not None and sound.shape[1] == 2
    loudness = measure_loudness([sound], RATE_HZ)
    assert loudness.lufs == pytest.approx(-23, abs=0.5) and loudness.peak_dbtp <= -1
    assert level_at(sound[: round(0.3 * RATE_HZ)], MUSIC_HZ).min() > 0.003

    receipt = json.loads((package / "receipt.json").read_text(encoding="utf-8"))
    assert receipt["record"]["sound"] == "effects"
    told = receipt["receipt"]["sound"]
    assert told["music_and_effects"] == "audio track 1 of the master (M&E)" and told["profile"] == "broadcast"
    figures = {one["key"]: one for one in json.loads((package / "qc.json").read_text(encoding="utf-8"))["figures"]}
    assert figures["loudness_lufs"]["limit"]["max"] == -20 and figures["loudness_lufs"]["passed"]  # draft: 3 LU
    assert f"Sound: {NOTE}" in (package / "captions.vtt").read_text(encoding="utf-8")
    with (package / "video.mp4").open("rb") as stream, c2pa.Reader("video/mp4", stream) as reader:
        store = json.loads(reader.json())
    assertions = store["manifests"][store["active_manifest"]]["assertions"]
    actions = next(one["data"]["actions"] for one in assertions if one["label"] == "c2pa.actions.v2")
    assert NOTE in [action.get("parameters", {}).get("description") for action in actions]
