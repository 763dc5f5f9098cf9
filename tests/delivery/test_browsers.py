"""The tests' own browser: it sees ranges, types and errors as a visitor's does."""

from __future__ import annotations

from pathlib import Path

from browsers import Job, needs_browser, served, visits

PAGE = "<!doctype html><title>x</title><p>Hello"


@needs_browser
def test_a_page_is_read_and_what_is_wrong_with_it_told(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "bad.html").write_text(f"{PAGE}<script>throw new Error('oh')</script><img src=none.png>")
    with served(tmp_path) as url:
        good, bad = visits([
            Job(url, "return document.querySelector('p').textContent"),
            Job(f"{url}bad.html", steps="return await page.title()"),
        ])  # fmt: skip
    assert good.value == "Hello"
    assert good.problems == []
    assert bad.value == "x"
    assert any("oh" in one for one in bad.problems) and any("none.png" in one for one in bad.problems)


@needs_browser
def test_files_come_in_ranges_and_text_compressed(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "film.mp4").write_bytes(bytes(range(100)))
    script = """
    const part = await fetch('film.mp4', {headers: {Range: 'bytes=10-19'}});
    const module = await fetch('node_modules/axe-core/axe.min.js');
    const bytes = [...new Uint8Array(await part.arrayBuffer())];
    return [part.status, part.headers.get('content-range'), bytes, module.status];
    """
    with served(tmp_path) as url:
        (visit,) = visits([Job(url, script)])
    assert visit.problems == []
    assert visit.value == [206, "bytes 10-19/100", list(range(10, 20)), 200]
