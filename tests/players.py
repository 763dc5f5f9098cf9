"""Streaming players in a real browser: what hls.js and dash.js make of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from browsers import Job, Visit, served, visits

_PAGE = """<!doctype html><html lang="en"><title>player</title><body>
<video muted playsinline width="320"></video><script src="/node_modules/{library}"></script></body></html>"""

# What both players are asked to do: show every size, then play from the beginning to the end with captions on.
_COMMON = """
const video = document.querySelector('video');
const told = {sizes: [], stalls: 0, errors: [], captions: []};
const until = async (what, done, seconds = 20) => {
  const end = performance.now() + 1000 * seconds;
  while (!done()) {
    if (performance.now() > end) throw new Error('waited in vain for ' + what + ' ' + JSON.stringify(told));
    await new Promise(go => setTimeout(go, 20));
  }
};
video.addEventListener('error', () => told.errors.push(video.error.message));
"""
_REST = """
for (const level of levels()) {
  choose(level);
  video.currentTime = 0.1;
  await video.play();
  await until('size ' + level.height, () => video.videoHeight === level.height && video.currentTime > 0.15);
  told.sizes.push(video.videoHeight);
}
video.pause();
automatic();
video.currentTime = 0;
await until('the beginning', () => !video.seeking && video.readyState >= 3);
let playing = true;
video.addEventListener('waiting', () => { if (playing && video.currentTime < video.duration - 0.25) told.stalls++; });
video.addEventListener('timeupdate', () => {
  for (const track of video.textTracks) for (const cue of track.activeCues || [])
    if (!told.captions.includes(cue.text)) told.captions.push(cue.text);
});
video.playbackRate = 2;
await video.play();
await until('the end', () => video.ended, 40);
playing = false;
told.duration = video.duration;
told.tracks = [...video.textTracks].map(one => one.language);
told.dropped = video.getVideoPlaybackQuality().droppedVideoFrames;
return told;
"""
_HLS = """
const hls = new Hls({enableWorker: false});
hls.on(Hls.Events.ERROR, (_name, data) => told.errors.push(data.details));
hls.loadSource('main.m3u8');
hls.attachMedia(video);
await until('the list', () => hls.levels.length && hls.audioTracks.length);
await until('captions', () => hls.subtitleTracks.length === CAPTIONS);
if (CAPTIONS) { hls.subtitleTrack = 0; hls.subtitleDisplay = true; }
const levels = () => hls.levels.map((one, index) => ({index, height: one.height}));
const choose = level => { hls.currentLevel = level.index; };
const automatic = () => { hls.currentLevel = -1; };
"""
_DASH = """
const player = dashjs.MediaPlayer().create();
player.updateSettings({debug: {logLevel: 0}, streaming: {buffer: {fastSwitchEnabled: true},
  text: {defaultEnabled: true}, abr: {autoSwitchBitrate: {video: false}}}});
player.on('error', event => told.errors.push(event.error.message || String(event.error)));
let started = false;
player.on('streamInitialized', () => { started = true; });
player.initialize(video, 'main.mpd', false);
await until('the list', () => started);
if (CAPTIONS) player.setTextTrack(0);
const levels = () => player.getRepresentationsByType('video').map(one => ({id: one.id, height: one.height}));
const choose = level => { player.setRepresentationForTypeById('video', level.id, true); };
const automatic = () => {};
"""
LIBRARIES = {"hls": ("hls.js/dist/hls.min.js", _HLS), "dash": ("dashjs/dist/modern/umd/dash.all.min.js", _DASH)}


def played(folder: Path, captions: int = 1) -> dict[str, Visit]:
    """What each player did with `main.m3u8` and `main.mpd` of a folder, which gets a page for each."""
    for name, (library, _script) in LIBRARIES.items():
        (folder / f"{name}.html").write_text(_PAGE.format(library=library), encoding="utf-8")
    with served(folder) as url:
        jobs = [
            Job(f"{url}{name}.html", f"const CAPTIONS = {captions};" + _COMMON + script + _REST, timeout_s=90)
            for name, (_library, script) in LIBRARIES.items()
        ]
        done = dict(zip(LIBRARIES, visits(jobs), strict=True))
    for name in LIBRARIES:
        (folder / f"{name}.html").unlink()
    return done


def heights(told: Any) -> set[int]:
    return set(told["sizes"])
