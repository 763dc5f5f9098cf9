"""`python -m benchmarks [--write] [NAME ...]`: run measurements; with --write keep them in docs/benchmarks.md."""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import re
import sys
from dataclasses import asdict

from benchmarks.tables import REPOSITORY, Table, footage, machine

NAMES = (
    "perceive",
    "produce",
    "swap",
    "occluders",
    "clips",
    "watermark",
    "soundmark",
    "rights",
    "history",
    "ledger",
    "disclosure",
    "lipsync",
    "visemes",
    "align",
    "syncmeter",
    "dub",
    "campaign",
    "site",
    "reframe",
    "captions",
    "profiles",
    "jobs",
    "sinks",
    "storage",
)
PAGE = REPOSITORY / "docs" / "benchmarks.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(NAMES)} (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--write", action="store_true", help="keep the tables in docs/benchmarks.md")
    wanted = parser.parse_args()
    unknown = [name for name in wanted.names if name not in NAMES]
    if unknown:
        parser.error(f"there is no benchmark '{unknown[0]}'; choose from {', '.join(NAMES)}")
    if footage() is None:
        print("The footage folder is absent; set COUNTENANCE_FOOTAGE to it.", file=sys.stderr)
        return 2
    for name in wanted.names or NAMES:
        tables: list[Table] = importlib.import_module(f"benchmarks.{name}").run()
        text = "\n".join(table.markdown() for table in tables)
        print(json.dumps([asdict(table) for table in tables], default=str, indent=2) if wanted.json else text)
        if wanted.write:
            _keep(name, text)
    return 0


def _keep(name: str, text: str) -> None:
    """Replace the benchmark's own section of the page, between its two marks."""
    today = datetime.datetime.now(datetime.UTC).date()
    section = f"<!-- {name} -->\n\n_{today}, {machine()}_\n\n{text}\n<!-- /{name} -->"
    page = PAGE.read_text(encoding="utf-8")
    pattern = re.compile(rf"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
    page = pattern.sub(lambda _match: section, page) if pattern.search(page) else f"{page.rstrip()}\n\n{section}\n"
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
