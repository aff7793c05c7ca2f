"""The digest in a real browser: on a phone nothing sticks out, in the dark it is dark, nothing runs, nothing is fetched."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, sync_playwright

from aggregator.annotate.beat import load_beat
from aggregator.model import DayVolume, EditionLine, FeedState, Health, Story
from aggregator.publish.account import account_of
from aggregator.publish.digest import mail_html, make_edition
from aggregator.publish.editions import file_name, index_page
from aggregator.publish.inlining import with_inlined_css
from aggregator.publish.render import render
from aggregator.publish.view import FeedReport, story_view
from aggregator.settings import DigestDefinition
from tests.builders import make_annotated, make_article, make_feed, make_stored, make_story
from tests.publish.materials import VERSIONS, material

CHROMIUM = shutil.which("chromium")
NOW = datetime(2026, 3, 5, 7, 0, tzinfo=UTC)
SWITCHES = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (apt install chromium)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield opened
        opened.close()


@pytest.fixture(scope="module", params=["page", "mail"])
def page_address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    hostile = "<script>document.title='taken'</script><img src='http://127.0.0.1:9/pixel'>"
    titles = ["Putin meets Li Shangfu", "Сверхдлинное" * 30, hostile]
    stories = [
        Story(id=n, articles=(make_stored(make_annotated(make_article(title, summary="Some words. " * 20)), n),))
        for n, title in enumerate(titles, 1)
    ]
    failing = FeedState(url="https://b.example/rss", health=Health.FAILING, failures=3, reason="HTTP 503 " + "x" * 200)
    volumes = [DayVolume(back, "wire", ("energy", "trade"), (back * 7) % 10) for back in range(31)]
    seen = {1: date(2026, 3, 4)}
    edition = make_edition(
        DigestDefinition(maximum_stories=2),
        date(2026, 3, 5),
        NOW - timedelta(days=1),
        NOW,
        material(
            *stories,
            definition=DigestDefinition(maximum_stories=2),
            feeds=(FeedReport(feed=make_feed(), state=failing),),
            volumes=tuple(volumes),
            seen=seen,
        ),
        beat=load_beat(),
        versions=VERSIONS,
    )
    file = tmp_path_factory.mktemp("page") / "edition.html"
    file.write_text(edition.html if request.param == "page" else with_inlined_css(mail_html(edition)), encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize("width", [320, 390, 820, 1400])
def test_nothing_sticks_out(browser: Browser, page_address: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(page_address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


#: Each text that is shown whose contrast is below WCAG 2.2 AA (1.4.3: 4.5, or 3 for large or bold large letters).
_TOO_PALE = """
() => {
    const parsed = text => text.match(/[\\d.]+/g).map(Number)
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0)
    const behind = element => {
        for (let one = element; one; one = one.parentElement) {
            const colour = parsed(getComputedStyle(one).backgroundColor)
            if (colour.length < 4 || colour[3] > 0) return colour
        }
        return [255, 255, 255]
    }
    const found = []
    for (const element of document.body.querySelectorAll('*')) {
        const text = [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join('')
        const style = getComputedStyle(element)
        if (!text || !element.getClientRects().length || element.closest('svg')) continue
        const [a, b] = [light(parsed(style.color)), light(behind(element))]
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
        const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700)
        if (ratio < (large ? 3 : 4.5)) found.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}`)
    }
    return found
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(browser: Browser, page_address: str, scheme: Literal["light", "dark"]) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(page_address)
    assert page.evaluate(_TOO_PALE) == []
    page.close()


@pytest.mark.parametrize("width", [320, 820])
def test_the_tables_of_a_story_scroll_within_the_page(browser: Browser, width: int) -> None:
    story = make_story(make_annotated(make_article("Сверхдлинное" * 30, summary="Слово " * 60, language="ru")))
    told = {"silent": (), "silent_hours": 24, "topic_names": {}, "account": account_of(story)}
    html = render("story.html", view=story_view(story, load_beat()), **told)
    css = "".join(
        (resources.files("aggregator.publish") / "templates" / f"{n}.css").read_text() for n in ("digest", "page")
    )
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content(html.replace('<link rel="stylesheet" href="/style.css">', f"<style>{css}</style>"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_nothing_runs_and_nothing_is_fetched(browser: Browser, page_address: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_address)
    assert page.title() == "China–Russia daily – 2026-03-05"
    assert asked == [page_address]
    page.close()


@pytest.mark.parametrize(("scheme", "light"), [("light", True), ("dark", False)])
def test_it_follows_the_reader_s_colours(browser: Browser, page_address: str, scheme: str, light: bool) -> None:
    page = browser.new_page(color_scheme="light" if scheme == "light" else "dark")
    page.goto(page_address)
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(colour.split("(")[1].split(",")[0]) > 128) is light
    page.close()


def test_it_prints(browser: Browser, page_address: str, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(page_address)
    page.pdf(path=str(tmp_path / "edition.pdf"))
    assert (tmp_path / "edition.pdf").stat().st_size > 5_000
    page.close()


@pytest.mark.parametrize("width", [320, 820])
def test_nothing_sticks_out_of_the_list_of_editions_nor_runs_in_it(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    hostile = "<script>document.title='taken'</script>"
    lines = [
        EditionLine(digest="daily", date=date(2026, 3, day), until=NOW, subject=subject, headlines=(subject,))
        for day, subject in enumerate(("Daily, 2026-03-01: 3 stories", "Сверхдлинное" * 30, hostile), 1)
    ]
    file = tmp_path / "index.html"
    file.write_text(index_page(lines, {file_name(line) for line in lines}), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark")
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.title() == "Editions"
    page.close()
