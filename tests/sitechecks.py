"""A site before independent judges: HTML, structured data, sitemap, captions, accessibility, Lighthouse.

Each function returns what is wrong, nothing when all is in order.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import html5lib
import webvtt
from browsers import CHROMIUM, JAVA, TOOLS, Job, run_node, visits
from lxml import etree
from pyld import jsonld

SITEMAP_XSD = TOOLS / "node_modules" / "sitemap" / "schema" / "sitemap.xsd"  # sitemaps.org's own
VIDEO_XSD = Path(__file__).parent / "delivery" / "sitemap-video.xsd"
NU_CHECKER = TOOLS / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
AXE = """await page.addScriptTag({url: '/node_modules/axe-core/axe.min.js'});
    return (await page.evaluate(() => axe.run())).violations
    .flatMap(one => one.nodes.map(node => `${one.id}: ${node.html}`));"""
EVERYTHING_OPEN = "await page.evaluate(() => document.querySelectorAll('details').forEach(d => d.open = true));"


def pages_in(site: Path) -> list[Path]:
    return sorted(site.rglob("index.html"))


def html_problems(site: Path) -> list[str]:
    """What a strict parser and html-validate say of all pages."""
    files = [str(path) for path in pages_in(site)]
    for file in files:
        html5lib.HTMLParser(strict=True).parse(Path(file).read_text(encoding="utf-8"))
    found: list[str] = run_node("html.mjs", {"files": files})
    return found


def nu_problems(site: Path) -> list[str]:
    """What the Nu HTML checker says of all pages; it needs Java."""
    files = [str(path) for path in pages_in(site)]
    command = [str(JAVA), "-jar", str(NU_CHECKER), "--format", "json", "--exit-zero-always", *files]
    told = subprocess.run(command, capture_output=True, check=True, timeout=240)
    return [f"{one['url']}: {one['message']}" for one in json.loads(told.stderr)["messages"]]


def data_of(page: Path) -> dict[str, Any]:
    """The structured data in a page."""
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    document: dict[str, Any] = json.loads(text)
    return document


def data_problems(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """schema.org's vocabulary by the TypeScript compiler, what search engines require by Adobe's validator, and
    whether JSON-LD 1.1 reads every term (PyLD)."""
    told = run_node("jsonld.mjs", {"documents": list(documents)})
    found = [*told["types"], *(one for one in told["required"] if one.startswith("ERROR"))]
    for document in documents:
        found += _lost_terms(document)
    return found


def _lost_terms(document: Mapping[str, Any]) -> list[str]:
    """Names of properties that expansion drops, and ids that are not absolute."""
    context = {"@vocab": "https://schema.org/"}
    expanded = jsonld.expand({**document, "@context": context})
    text = json.dumps(expanded)
    names = _names(document["@graph"])
    lost = [name for name in names if f'"https://schema.org/{name}"' not in text]
    relative = [one["@id"] for one in expanded if not one["@id"].startswith(("http://", "https://"))]
    return [f"{name} is lost in expansion" for name in lost] + [f"{one} is no absolute address" for one in relative]


def _names(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_names, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    return {name for name in value if not name.startswith("@")}.union(*map(_names, value.values()))


def sitemap_problems(sitemap: Path) -> list[str]:
    """The sitemap against sitemaps.org's schema, each video in it against ours."""
    root = etree.parse(str(sitemap)).getroot()
    both = etree.XMLSchema(etree.XML(_both_schemas()))
    both.validate(root)
    return [str(one) for one in both.error_log]


def _both_schemas() -> str:
    return f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
      <xs:import namespace="http://www.sitemaps.org/schemas/sitemap/0.9" schemaLocation="{SITEMAP_XSD.as_uri()}"/>
      <xs:import namespace="http://www.google.com/schemas/sitemap-video/1.1" schemaLocation="{VIDEO_XSD.as_uri()}"/>
    </xs:schema>"""


def captions_problems(url: str, site: Path, pages: Iterable[str]) -> list[str]:
    """Whether the browser's own parser finds the cues of every track that a second parser does, at the same times."""
    script = """
    const tracks = [...document.querySelectorAll('track')];
    const told = [];
    for (const element of tracks) {
      element.track.mode = 'hidden';
      if (element.readyState < 2) await new Promise(done => { element.onload = element.onerror = done; });
      const cues = [...element.track.cues].map(cue => [cue.startTime, cue.endTime]);
      told.push({src: new URL(element.src).pathname, state: element.readyState, cues});
    }
    return told;
    """
    found = []
    for visit in visits([Job(url + page, script) for page in pages]):
        found += visit.problems
        for track in visit.value or []:
            text = (site / track["src"].lstrip("/")).read_text(encoding="utf-8")
            wanted = [[one.start_in_seconds, one.end_in_seconds] for one in webvtt.from_buffer(StringIO(text))]
            seen = [[int(time) for time in cue] for cue in track["cues"]]
            if track["state"] != 2 or not seen or seen != [[int(time) for time in cue] for cue in wanted]:
                found.append(f"{track['src']}: {track}")
    return found


def access_problems(jobs: Iterable[Job]) -> list[str]:
    """What axe-core finds on each page, with everything on it open, and what else goes wrong there."""
    found = []
    for visit in visits([Job(**{**vars(job), "steps": f"{job.steps}; {EVERYTHING_OPEN} {AXE}"}) for job in jobs]):
        found += [*visit.problems, *(visit.value or [])]
    return found


def lighthouse(urls: Sequence[str]) -> list[dict[str, Any]]:
    """Lighthouse's judgement of each page; see tests/browser/lighthouse.mjs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told: list[dict[str, Any]] = run_node(
        "lighthouse.mjs", {"chromium": CHROMIUM, "urls": list(urls), "port": port}, timeout_s=120 * len(urls)
    )
    return told


def playback_problems(urls: Sequence[str]) -> list[str]:
    """Whether each page's video plays to its end, with picture, sound and captions."""
    steps = """
    await page.locator('[data-do=play]').click();
    await page.waitForFunction(() => document.querySelector('video').ended);
    return await page.evaluate(() => {
      const video = document.querySelector('video'), length = +document.querySelector('.player').dataset.length;
      return [video.videoWidth > 0, video.webkitAudioDecodedByteCount > 0, Math.abs(video.currentTime - length) < 0.1,
        [...video.textTracks].find(one => one.kind === 'captions').cues.length > 0, video.error === null];
    });
    """
    found = []
    for url, visit in zip(urls, visits([Job(url, steps=steps) for url in urls]), strict=True):
        found += visit.problems
        if visit.value != [True] * 5:
            found.append(f"{url}: picture, sound, length, captions, no error: {visit.value}")
    return found
