"""The player in a real browser: keys, captions, chapters, languages, full screen, and a visitor without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import Job, needs_browser, served, visits
from sites import SECONDS, make_film, make_watch

from countenance.delivery.site import write_site

pytestmark = needs_browser

TOOLS = """
    const state = () => page.evaluate(() => {
      const video = document.querySelector('video'), bar = document.querySelector('.bar');
      return {
        at: video.currentTime, paused: video.paused, muted: video.muted, volume: video.volume, rate: video.playbackRate,
        controls: video.controls, captions: [...video.textTracks].find(one => one.kind === 'captions').mode,
        bar: bar.checkVisibility(), play: document.querySelector('[data-do=play]').getAttribute('aria-label'),
        told: document.querySelector('[data-do=seek]').getAttribute('aria-valuetext'),
        chapter: document.querySelector('[data-at][aria-current]')?.lastElementChild.textContent ?? null,
        said: document.querySelector('[data-start][aria-current]')?.textContent ?? null,
        speed: document.querySelector('[data-do=speed]').textContent,
        full: document.fullscreenElement?.className ?? null,
        open: [...document.querySelectorAll('.menu')].map(one => one.open),
      };
    });
    const until = (what) => page.waitForFunction(what);
    const ready = async () => {
      await page.evaluate(() => { document.querySelector('video').preload = 'auto'; });
      await until(() => document.querySelector('video').readyState >= 2);
    };
"""
FOCUS = "await page.locator('[data-do=play]').focus();"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("player")
    film = make_film(folder / "film", (480, 270))
    watches = [make_watch(folder / "out", film, language) for language in ("en", "de", "ar")]
    (folder / "site").mkdir()
    with served(folder / "site") as url:
        write_site(folder / "site", watches, url)
        yield url


def told(*jobs: Job) -> list[dict[str, object]]:
    """The values of visits on which nothing went wrong."""
    made = visits(jobs)
    assert [visit.problems for visit in made] == [[] for _ in jobs]
    return [visit.value for visit in made]


def steps(url: str, script: str, **more: object) -> Job:
    return Job(url, steps=f"{TOOLS} {script}", **more)  # type: ignore[arg-type]


def test_it_plays_to_the_end_and_says_so(site: str) -> None:
    (value,) = told(
        steps(
            f"{site}en/",
            """const before = await state();
            await page.evaluate(() => { document.querySelector('video').playbackRate = 0.25; });
            await page.locator('.start').click();
            await until(() => document.querySelector('[data-start][aria-current]'));
            const amid = await state();
            await page.evaluate(() => { document.querySelector('video').playbackRate = 2; });
            await until(() => document.querySelector('video').ended);
            return [before, amid, await state(), await page.locator('.start').isVisible()];""",
        )
    )
    before, amid, after, start = value  # type: ignore[misc]
    assert (before["paused"], before["controls"], before["bar"], before["play"]) == (True, False, True, "Play")
    assert before["said"] is None  # nothing is said before it plays
    assert (amid["paused"], amid["play"], amid["captions"]) == (False, "Pause", "showing")
    assert amid["said"].startswith("This coffee machine")
    assert after["paused"] and after["at"] == pytest.approx(SECONDS, abs=0.1)
    assert after["chapter"] == "Fits any shelf"
    assert start is False


def test_keys_do_what_they_do_in_every_player(site: str) -> None:
    (value,) = told(
        steps(
            f"{site}en/",
            f"""await ready(); {FOCUS}
            const seen = {{}};
            for (const key of ['5', 'ArrowLeft', 'End', 'Home', 'm', 'm', 'ArrowDown', 'c', 'c', '>', '>', '<', 'n',
                'p', 'l', 'x', 'Control+f']) {{
              await page.keyboard.press(key);
              seen[key in seen ? key + '2' : key] = await state();
            }}
            return seen;""",
        )
    )
    seen = {key: value[key] for key in value}  # type: ignore[misc]
    assert seen["5"]["at"] == pytest.approx(SECONDS / 2, abs=0.1)
    assert seen["ArrowLeft"]["at"] == 0
    assert seen["End"]["at"] == pytest.approx(SECONDS, abs=0.1) and seen["Home"]["at"] == 0
    assert (seen["m"]["muted"], seen["m2"]["muted"]) == (True, False)
    assert seen["ArrowDown"]["volume"] == pytest.approx(0.9)
    assert (seen["c"]["captions"], seen["c2"]["captions"]) == ("disabled", "showing")
    assert (seen[">"]["rate"], seen[">2"]["rate"], seen["<"]["rate"]) == (1.25, 1.5, 1.25)
    assert seen["<"]["speed"] == "1.25×"
    assert seen["n"]["chapter"] == "Fits any shelf" and seen["n"]["told"] == "0:01 / 0:03 · Fits any shelf"
    assert seen["p"]["chapter"] == "Thirty seconds"
    assert seen["l"]["at"] == pytest.approx(SECONDS, abs=0.1)
    assert seen["x"]["at"] == seen["l"]["at"] and seen["Control+f"]["full"] is None  # not ours


def test_keys_outside_the_player_are_the_pages(site: str) -> None:
    (value,) = told(
        steps(f"{site}en/", "await ready(); await page.locator('.told summary').focus();"
              "await page.keyboard.press('5'); await page.keyboard.press('k'); return await state();")
    )  # fmt: skip
    assert (value["at"], value["paused"]) == (0, True)


def test_menus_open_one_at_a_time_and_close_by_escape_and_by_a_click_elsewhere(site: str) -> None:
    (value,) = told(
        steps(
            f"{site}en/",
            """const menus = page.locator('.menu summary');
            await menus.nth(0).click(); const first = await state();
            await menus.nth(1).click(); const second = await state();
            await page.keyboard.press('Escape'); const closed = await state();
            const focus = await page.evaluate(() => document.activeElement.textContent.trim());
            await menus.nth(1).click(); await page.locator('[name=speed][value="2"]').check();
            const fast = await state();
            await page.locator('h1').click(); const away = await state();
            await menus.nth(0).click(); await page.locator('[name=captions][value=""]').check();
            const off = await state();
            return [first.open, second.open, closed.open, focus, fast.rate, fast.speed, away.open, off.captions];""",
        )
    )
    assert value == [
        [True, False, False], [False, True, False], [False, False, False], "Speed 1×", 2, "2×", [False, False, False],
        "disabled",
    ]  # fmt: skip


def test_a_chapter_and_a_sentence_lead_to_their_moment(site: str) -> None:
    chapter, sentence, linked = told(
        steps(f"{site}en/", """await page.locator('[data-at]').nth(1).click();
            await until(() => document.querySelector('[data-at][aria-current]').dataset.at === '1.6');
            return page.url();"""),
        steps(f"{site}en/", """await page.locator('[data-start]').nth(1).click();
            await until(() => document.querySelector('[data-start][aria-current]'));
            return (await state()).said;"""),
        steps(f"{site}en/?t=1.6", """await ready(); return await state();"""),
    )  # fmt: skip
    assert chapter == f"{site}en/"
    assert str(sentence).startswith("It fits on")
    assert linked["at"] == pytest.approx(1.6) and linked["paused"] and linked["chapter"] == "Fits any shelf"


def test_another_language_goes_on_at_the_same_moment(site: str) -> None:
    (value,) = told(
        steps(f"{site}en/?t=2", """await ready(); await page.locator('.menu summary').nth(2).click();
            await page.locator('[data-do=language]').first().click(); await page.waitForURL('**/de/**');
            await ready(); return [page.url(), (await state()).at];""")
    )  # fmt: skip
    assert value == [f"{site}de/?t=2", 2]


def test_full_screen_keeps_the_bar_below_the_picture(site: str) -> None:
    (value,) = told(
        steps(
            f"{site}ar/",
            """await page.locator('[data-do=full]').click(); await until(() => document.fullscreenElement);
            await page.waitForTimeout(300);
            const boxes = await page.evaluate(() => ['.screen', '.bar'].map(one => {
              const box = document.querySelector(one).getBoundingClientRect(); return [box.top, box.bottom]; }));
            const label = await page.locator('[data-do=full]').getAttribute('aria-label');
            await page.locator('[data-do=full]').click(); await until(() => !document.fullscreenElement);
            return [boxes, label, page.viewportSize().height];""",
        )
    )
    (screen, bar), label, height = value  # type: ignore[misc]
    assert screen[1] <= bar[0] + 0.5 and bar[1] <= height + 0.5
    assert label == "الخروج من ملء الشاشة"


def test_without_scripts_there_is_the_browsers_own_player_and_everything_to_read(site: str) -> None:
    seen = """return await page.evaluate(() => 1).catch(() => 0), [
        await page.locator('video').getAttribute('controls'), await page.locator('.bar').isVisible(),
        await page.locator('.start').isVisible(), await page.locator('.told dl').isVisible(),
        (await page.locator('.told summary').click(), await page.locator('.told dl').isVisible()),
        await page.locator('.chapters a').count(), (await page.locator('.transcript').textContent()).trim()];"""
    (value,) = told(Job(f"{site}en/", steps=seen, scripts=False))
    controls, bar, start, closed, opened, chapters, said = value  # type: ignore[misc]
    assert (controls, bar, start, closed, opened, chapters) == ("", False, False, False, True, 2)
    assert said.startswith("This coffee machine")


def test_nothing_moves_while_the_page_loads_and_nothing_overflows(site: str) -> None:
    script = """
    const shifts = [];
    new PerformanceObserver(list => shifts.push(...list.getEntries().map(one => one.value)))
      .observe({type: 'layout-shift', buffered: true});
    await new Promise(done => setTimeout(done, 300));
    return [shifts, document.documentElement.scrollWidth - innerWidth];
    """
    jobs = [Job(f"{site}{path}", script, width=width) for path in ("en/", "ar/") for width in (320, 390, 768, 1440)]
    assert told(*jobs) == [[[], 0]] * len(jobs)


def test_a_paper_shows_the_history_and_no_buttons(site: str) -> None:
    script = """return ['.bar', '.start', 'nav[aria-labelledby=languages]', '.told dl', '.chapters', '.transcript']
        .map(one => document.querySelector(one).checkVisibility({contentVisibilityAuto: true}));"""
    assert told(Job(f"{site}en/", script, media="print")) == [[False, False, False, True, True, True]]


def test_who_prefers_stillness_sees_nothing_move_by_itself(site: str) -> None:
    script = """return [...document.querySelectorAll('*')].filter(one => {
        const style = getComputedStyle(one); return style.animationName !== 'none' || style.transitionDuration !== '0s';
    }).length;"""
    assert told(Job(f"{site}en/", script, still=True)) == [0]


def test_a_film_that_cannot_be_played_is_said_to_be_so(site: str, tmp_path: Path) -> None:
    film = make_film(tmp_path / "film", (320, 180))
    write_site(tmp_path / "site", [make_watch(tmp_path / "out", film, "de")], "http://127.0.0.1/")
    for video in (tmp_path / "site").rglob("video.mp4"):
        video.write_bytes(b"no film")
    with served(tmp_path / "site") as url:
        (visit,) = visits([steps(f"{url}de/", """await page.locator('[data-do=play]').click();
            await page.locator('.failed').waitFor();
            return await page.locator('.failed').textContent();""")])  # fmt: skip
    assert str(visit.value).startswith("Das Video lässt sich hier nicht abspielen.")


def test_the_script_is_small() -> None:
    from importlib.resources import files

    assert len(files("countenance.delivery").joinpath("pages/player.js").read_bytes()) < 10_000
