"""The site: what Lighthouse says of it in six languages, and what its player costs beside others on the same page."""

from __future__ import annotations

import gzip
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.tables import REPOSITORY, Table

# The pages, the judges and the browser are those of the tests: what is measured is what is tested.
sys.path.insert(0, str(REPOSITORY / "tests"))

RUNS = 3
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


@dataclass(frozen=True)
class Peer:
    """Another player as its own page shows it: its package, its files, and how it is started."""

    package: str
    script: str
    style: str
    start: str


PEERS = (
    Peer("plyr@3.8.4", "plyr/dist/plyr.min.js", "plyr/dist/plyr.css", "new Plyr('video')"),
    Peer("video.js@8.24.1", "video.js/dist/video.min.js", "video.js/dist/video-js.min.css",
         "const v = document.querySelector('video'); v.classList.add('video-js'); videojs(v, {fluid: true})"),
)  # fmt: skip


def run() -> list[Table]:
    from browsers import CHROMIUM, NODE, TOOLS, served
    from sites import LANGUAGES, make_film, make_watch

    from countenance.delivery.site import write_site

    if CHROMIUM is None or NODE is None or not (TOOLS / "node_modules").is_dir():
        print("Chromium, Node.js or the checkers are absent; run `npm ci --prefix tests/browser`.", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        film = make_film(folder / "film", (1280, 720))
        watches = [make_watch(folder / "packages", film, language) for language in LANGUAGES]
        site = folder / "site"
        site.mkdir()
        with served(site) as url:
            write_site(site, watches, url, "https://verify.example.org/verify")
            return [_languages(site, url, LANGUAGES), _players(site, url, folder)]


def _languages(site: Path, url: str, languages: tuple[str, ...]) -> Table:
    rows = []
    for language in languages:
        told = _judged(f"{url}{language}/")
        page = (site / language / "index.html").read_bytes()
        rows.append(
            (language, *(told[name] for name in CATEGORIES), round(told["paint_ms"]), told["shift"],
             round(told["bytes"] / 1000), f"{len(gzip.compress(page, 6)) / 1000:.1f}")
        )  # fmt: skip
    return Table(
        "Site: Lighthouse on a watch page of each language",
        ("page", "performance", "accessibility", "best practices", "SEO", "largest paint (ms)", "layout shift",
         "all that is loaded (kB)", "its HTML and styles (kB, gzip)"),
        tuple(rows),
        (f"Lighthouse 12.8, a middling telephone on slow 4G as it simulates it, the median of {RUNS} runs each; the "
         "video is 1280 × 720 with a poster of its own size, on a server on the same machine.",),
    )  # fmt: skip


def _players(site: Path, url: str, folder: Path) -> Table:
    """The English page with its own player, with the browser's own alone, and with others in its place."""
    source = (site / "en" / "index.html").read_text(encoding="utf-8")
    ours = (site / re.findall(r'src="\.\./(assets/player\.[^"]*)"', source)[0]).read_bytes()
    bare = re.sub(r'<script src="[^"]*" defer></script>', "", source)
    bare = re.sub(r'<button class="start".*?</button>|<div class="bar".*?\n</div>\n', "", bare, flags=re.DOTALL)
    pages = {"ours": (source, len(gzip.compress(ours, 6))), "the browser's own, no script": (bare, 0)}
    for peer in PEERS:
        subprocess.run(
            ["npm", "install", "--prefix", str(folder / "peers"), "--no-audit", "--no-fund", "--ignore-scripts",
             "--silent", peer.package],
            check=True,
        )  # fmt: skip
        script, style = ((folder / "peers" / "node_modules" / name).read_bytes() for name in (peer.script, peer.style))
        name = peer.package.replace("@", "-")
        (site / "assets" / f"{name}.js").write_bytes(script + f"\n{peer.start};\n".encode())
        (site / "assets" / f"{name}.css").write_bytes(style)
        head = f'<link rel="stylesheet" href="../assets/{name}.css"><script src="../assets/{name}.js" defer></script>'
        pages[peer.package] = (bare.replace("</head>", f"{head}</head>"), len(gzip.compress(script + style, 6)))
    rows = []
    for number, (name, (text, size)) in enumerate(pages.items()):
        (site / f"peer{number}").mkdir()
        (site / f"peer{number}" / "index.html").write_text(text, encoding="utf-8")
        told = _judged(f"{url}peer{number}/")
        rows.append(
            (name, f"{size / 1000:.1f}", told["performance"], told["accessibility"], round(told["paint_ms"]),
             round(told["blocked_ms"]), told["shift"], _violations(f"{url}peer{number}/"))
        )  # fmt: skip
    return Table(
        "Site: the same page with other players",
        ("player", "script and styles (kB, gzip)", "performance", "accessibility", "largest paint (ms)",
         "blocking time (ms)", "layout shift", "axe-core: elements at fault"),
        tuple(rows),
        ("Each player as its documentation starts it, with its full build; ours has its styles in the page's.",
         "The page without a script is the bound: what the rest of the page costs."),
    )  # fmt: skip


def _judged(url: str) -> dict[str, Any]:
    """The medians of several runs."""
    from sitechecks import lighthouse

    runs = lighthouse([url] * RUNS)
    figures = {name: statistics.median(one["scores"][name] for one in runs) for name in CATEGORIES}
    for name in ("paint_ms", "blocked_ms", "shift", "bytes"):
        figures[name] = round(statistics.median(one[name] for one in runs), 3)
    return figures


def _violations(url: str) -> int:
    from browsers import Job
    from sitechecks import access_problems

    return len(access_problems([Job(url)]))
