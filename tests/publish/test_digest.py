"""The edition: the same input gives the same bytes, hostile text stays text, each story says why and from whom."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import html5lib
import pytest

from aggregator.annotate.beat import Beat, load_beat
from aggregator.model import Annotated, Edition, Evidence, Health, Mention, Story
from aggregator.publish.digest import bars, edition_deliveries, make_edition, sections
from aggregator.publish.view import FeedReport, actors, behind, lead_article, places, shorten, story_view
from aggregator.settings import Camp, DigestDefinition, Feed
from tests.builders import NOW, make_annotated, make_article, make_feed, make_state, make_stored, make_story

DAY = date(2026, 3, 5)
DAILY = DigestDefinition(zone="Europe/Berlin", recipients=("a@example.org",))
HTML = "{http://www.w3.org/1999/xhtml}"
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script><style>",
    '"><svg onload=alert(1)>',
    "' autofocus onfocus='alert(1)",
    '<iframe src="javascript:alert(1)"></iframe>',
    "<form action=https://evil.example><input name=q>",
    "</title><base href=https://evil.example><meta http-equiv=refresh content=0>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "--><script>alert(1)</script><!--",
]
BAD_URLS = [
    "javascript:alert(1)",
    " javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "//evil.example/x",
    "https:///nohost",
    'https://example.com/"onmouseover="alert(1)',
    "https://example.com/'><script>alert(1)</script>",
]


@pytest.fixture(scope="module")
def beat() -> Beat:
    return load_beat()


def edition(
    beat: Beat, *stories: Story, feeds: tuple[FeedReport, ...] = (), definition: DigestDefinition = DAILY
) -> Edition:
    return make_edition(
        definition, DAY, NOW - timedelta(days=1), NOW, stories, beat=beat, volume=[0] * 13 + [3], feeds=feeds
    )


def report(feed: Feed, health: Health = Health.OK, reason: str = "", failures: int = 0) -> FeedReport:
    return FeedReport(feed=feed, state=make_state(feed.url, health=health, reason=reason, failures=failures))


def one(
    title: str,
    *,
    outlet: str = "Example",
    camp: Camp = Camp.OTHER,
    language: str = "en",
    minutes: int = 0,
    text: str = "",
    score: float = 0.8,
    topics: tuple[str, ...] = ("energy",),
    url: str | None = None,
    evidence: tuple[Evidence, ...] = (Evidence("both sides", "title", 4.0), Evidence("a deal", "text", 1.0)),
) -> Annotated:
    article = make_article(
        title,
        text=text,
        outlet=outlet,
        camp=camp,
        language=language,
        url=url,
        published=NOW + timedelta(minutes=minutes),
    )
    return make_annotated(article, score=score, topics=topics, evidence=evidence)


def story_of_three(story_id: int = 1) -> Story:
    return make_story(
        one("Газ пошёл", outlet="TASS", camp=Camp.RU_STATE, language="ru", minutes=-300),
        one("天然气开始输送", outlet="Xinhua", camp=Camp.CN_STATE, language="zh", minutes=-265, score=0.9),
        one("Gas flows", outlet="Reuters", camp=Camp.WIRE, minutes=-60, score=0.7, text="First sentence. " * 60),
        story_id=story_id,
    )


def elements(html: str) -> Iterator[ET.Element]:
    tree = html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=True)
    assert isinstance(tree, ET.Element)
    return tree.iter()


def text_of(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


class _Strict(HTMLParser):
    """Checks that what is opened is closed, as a reader other than a browser may need."""

    VOID = frozenset({"meta", "link", "br", "input", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID - {"rect"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def assert_inert(html: str) -> None:
    """Nothing in the page runs, loads, submits or leads anywhere but to http(s)."""
    styles = 0
    for element in elements(html):
        tag = str(element.tag).rpartition("}")[2].lower() if isinstance(element.tag, str) else "!"
        assert tag not in {
            "script",
            "iframe",
            "frame",
            "object",
            "embed",
            "form",
            "input",
            "img",
            "base",
            "link",
            "audio",
        }
        styles += tag == "style"
        if tag == "meta":
            assert str(element.get("http-equiv", "")).lower() in ("", "content-security-policy")
        for name, value in element.attrib.items():
            short = name.rpartition("}")[2].lower()
            assert not short.startswith("on"), (name, value)
            assert short not in {"style", "src", "srcdoc", "action", "formaction", "srcset", "background", "autofocus"}
            if short == "href":
                assert urlsplit(value).scheme in ("http", "https") or value.startswith("#"), value
    assert styles == 1, "only the one style sheet of our own"


# --- the page ----------------------------------------------------------------------------------


def test_the_same_input_gives_the_same_bytes(beat: Beat) -> None:
    def made() -> Edition:
        return edition(beat, story_of_three(), make_story(one("Other"), story_id=2), feeds=(report(make_feed()),))

    assert made() == made()
    assert made().html.encode() == made().html.encode()


def test_the_order_in_which_stories_come_does_not_matter(beat: Beat) -> None:
    stories = [make_story(one(f"Title {n}"), story_id=n) for n in range(1, 6)] + [story_of_three(9)]
    assert edition(beat, *stories) == edition(beat, *reversed(stories))


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_is_shown_and_does_nothing(beat: Beat, attack: str) -> None:
    hostile = replace(make_feed(), outlet=attack, url=f"https://example.com/{attack}")
    stories = [
        make_story(
            one(
                attack,
                outlet=attack,
                text=f"{attack} and more",
                evidence=(Evidence(attack, attack, 1.0),),
                topics=(attack,),
            ),
            one("Plain", outlet="Other", minutes=5),
            story_id=n,
        )
        for n in (1, 2)
    ]
    made = edition(
        beat, *stories, feeds=(report(hostile, Health.FAILING, attack, 2),), definition=replace(DAILY, title=attack)
    )
    assert_inert(made.html)
    shown = [text_of(element) for element in elements(made.html) if element.tag == f"{HTML}h3"]
    assert " ".join(attack.split()) in shown
    assert attack in made.text


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_address_that_is_not_of_the_web_is_no_link(beat: Beat, url: str) -> None:
    made = edition(beat, make_story(one("Headline", url=url)), make_story(one("Second", url=url), story_id=2))
    assert_inert(made.html)
    links = [element.get("href", "") for element in elements(made.html) if element.tag == f"{HTML}a"]
    assert all(link == url for link in links)
    assert bool(links) == url.startswith("https://example.com/")


def test_the_page_is_well_formed_and_without_anything_from_outside(beat: Beat) -> None:
    made = edition(beat, story_of_three(), make_story(one("Other"), story_id=2))
    html5lib.HTMLParser(strict=True).parse(made.html)
    strict = _Strict()
    strict.feed(made.html)
    assert strict.open == []
    assert "url(" not in made.html
    assert "@import" not in made.html


def test_each_story_links_its_outlets_and_says_why_and_who_was_first(beat: Beat) -> None:
    made = edition(beat, story_of_three(1), make_story(one("Other news", outlet="BBC"), story_id=2))
    articles = {e.get("id"): e for e in elements(made.html) if e.tag == f"{HTML}article"}
    assert set(articles) == {"story-1", "story-2"}
    links = {text_of(a): a.get("href") for a in articles["story-1"].iter(f"{HTML}a")}
    assert {"TASS", "Xinhua", "Reuters"} <= set(links)
    assert all(str(href).startswith("https://example.com/") for href in links.values())
    said = text_of(articles["story-1"])
    assert "First: TASS, 05 Mar 2026, 07:00 UTC · 3 independent sources · RU, ZH, EN" in said
    assert "Russian state: TASS ru" in said
    assert "Chinese state: Xinhua zh +35 min" in said
    assert "Wires: Reuters en +4 h" in said
    assert "Why it is here both sides (title, +4.0) a deal (text, +1.0)" in said
    assert "90% relevant" in said
    assert "First: BBC" in text_of(articles["story-2"])
    assert "1 independent source ·" in text_of(articles["story-2"])


def test_the_text_twin_has_the_same_headlines_in_the_same_order(beat: Beat) -> None:
    stories = [story_of_three(1), *(make_story(one(f"Title {n}", topics=("trade",)), story_id=n) for n in range(2, 7))]
    made = edition(beat, *stories)
    in_html = [text_of(e) for e in elements(made.html) if e.tag == f"{HTML}h3"]
    in_text = re.findall(r"^\* (.+)$", made.text, re.MULTILINE)
    assert in_text == in_html
    assert len(in_html) == 6
    for part in ("First: TASS", "why: both sides (title)", "Reuters [en] +4 h https://example.com/"):
        assert part in made.text


def test_stories_are_ranked_cut_to_the_maximum_and_the_rest_is_counted(beat: Beat) -> None:
    stories = [make_story(one(f"Title {n}", score=n / 10), story_id=n) for n in range(1, 6)]
    made = edition(beat, *stories, definition=replace(DAILY, maximum_stories=2))
    assert made.stories == (5, 4)
    for text in (made.html, made.text):
        assert "3 less relevant stories are in the archive" in text
        assert "Title 3" not in text


def test_independent_sources_and_languages_lift_a_story(beat: Beat) -> None:
    wide, reprinted = story_of_three(1), story_of_three(2)
    original, *others = reprinted.articles
    reprints = replace(reprinted, articles=(original, *(replace(o, copy_of=original.id) for o in others)))
    alone = make_story(one("Alone", score=0.9), story_id=3)
    assert edition(beat, alone, reprints, wide).stories == (1, 2, 3)


def test_an_empty_edition_says_so(beat: Beat) -> None:
    made = edition(beat, feeds=(report(make_feed()),))
    assert made.stories == ()
    for text in (made.html, made.text):
        assert "No story about the tie reached the relevance asked for" in text
    assert_inert(made.html)
    assert "0 stories, 0 articles" in made.text


def test_feeds_that_failed_are_named_with_their_reasons(beat: Beat) -> None:
    feeds = (
        report(make_feed("https://good.example/rss", outlet="Good")),
        report(make_feed("https://bad.example/rss", outlet="Bad"), Health.FAILING, "HTTP 503", 3),
        report(make_feed("https://gone.example/rss", outlet="Gone"), Health.GONE, "HTTP 410"),
        report(make_feed("https://new.example/rss", outlet="New"), Health.NEW),
    )
    made = edition(beat, feeds=feeds)
    rows = [text_of(e) for e in elements(made.html) if e.tag == f"{HTML}tr"]
    assert rows == [
        "OutletState",
        "Badhttps://bad.example/rssfailing 3×: HTTP 503",
        "Gonehttps://gone.example/rssgone: HTTP 410",
        "Newhttps://new.example/rssnot polled yet",
    ]
    assert "1 of 4 feeds were read without fault; these were not:" in made.html
    assert "- Bad: failing 3×: HTTP 503 (https://bad.example/rss)" in made.text
    assert "- Good: ok (https://good.example/rss)" in made.text


def test_times_are_those_of_the_digests_zone(beat: Beat) -> None:
    assert "04 Mar 13:00 – 05 Mar 13:00 (Europe/Berlin)" in edition(beat).text
    assert "04 Mar 13:00 – 05 Mar 13:00 (Europe/Berlin)" in edition(beat).html


def test_the_manifest_says_what_the_edition_was_made_of(beat: Beat) -> None:
    story = story_of_three()
    made = edition(beat, story, feeds=(report(make_feed()),), definition=replace(DAILY, query="gas"))
    assert made.manifest == {
        "weights": beat.weights.version,
        "query": "gas",
        "minimum_relevance": 0.5,
        "articles": {str(a.id): a.article.content_hash for a in story.articles},
        "feeds": {make_feed().url: "ok"},
    }


def test_an_edition_goes_into_two_files_and_to_each_recipient(beat: Beat, tmp_path: Path) -> None:
    made = edition(beat, story_of_three())
    rows = edition_deliveries(made, DAILY, tmp_path, NOW)
    assert [(r.channel, r.target) for r in rows] == [
        ("file", str(tmp_path / "daily-2026-03-05.html")),
        ("file", str(tmp_path / "daily-2026-03-05.txt")),
        ("mail", "a@example.org"),
    ]
    assert {(r.kind, r.key) for r in rows} == {("edition", "edition/daily/2026-03-05")}
    assert (rows[0].html, rows[0].text, rows[1].text, rows[1].html) == (made.html, "", made.text, "")
    assert (rows[2].html, rows[2].text) == (made.html, made.text)
    assert rows[2].subject == "China–Russia daily, 2026-03-05: 1 stories"


# --- the parts ---------------------------------------------------------------------------------


def test_sections_follow_the_beats_topics_and_leave_the_top_story_out(beat: Beat) -> None:
    order = list(beat.topics)
    late, early = order[3], order[1]
    stories = [make_story(one(f"T{n}", topics=(t,)), story_id=n) for n, t in enumerate((late, late, early, "other"), 1)]
    views = [story_view(story, beat) for story in stories]
    assert [(topic, [v.id for v in members]) for topic, _, members in sections(views, beat)] == [
        (early, [3]),
        (late, [2]),
        ("other", [4]),
    ]


def test_a_story_without_a_topic_stands_under_other(beat: Beat) -> None:
    made = edition(beat, make_story(one("Top")), make_story(one("Untopical", topics=(), score=0.6), story_id=2))
    assert "Untopical" in made.html
    assert story_view(make_story(one("x", topics=())), beat).topics == ("other",)


def test_the_tallest_bar_of_the_chart_is_100_and_the_last_is_named_so() -> None:
    shown = bars([2, 0, 8, 4], NOW)
    assert [(bar.count, bar.height, bar.last) for bar in shown] == [
        (2, 25, False),
        (0, 0, False),
        (8, 100, False),
        (4, 50, True),
    ]
    assert [bar.label for bar in shown] == ["02 Mar", "03 Mar", "04 Mar", "05 Mar"]
    assert all(bar.height == 0 for bar in bars([0] * 14, NOW))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (-5, ""),
        (0, ""),
        (1, "+1 min"),
        (89, "+89 min"),
        (90, "+2 h"),
        (180, "+3 h"),
        (47 * 60, "+47 h"),
        (48 * 60, "+2 d"),
    ],
)
def test_a_delay_in_words(minutes: int, said: str) -> None:
    assert behind(minutes) == said


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("Short.", 10, "Short."),
        ("One two. Three four five.", 12, "One two."),
        ("第一句话。第二句话很长", 8, "第一句话。"),
        ("alpha beta gamma delta", 12, "alpha beta…"),
        ("长" * 20, 8, "长" * 8 + "…"),
        ("a. " + "b" * 30, 12, "a. bbbbbbbbb…"),
    ],
)
def test_a_text_is_cut_after_a_sentence_or_a_word(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Oil rose. Read more", "Oil rose."),
        ("Oil rose. Read Full Article at example.com", "Oil rose."),
        ("Oil rose… […] Continue reading →", "Oil rose…"),
        ("Нефть дорожает. Читать далее", "Нефть дорожает."),
        ("Расскажем подробнее", "Расскажем подробнее"),
        ("油价上涨。阅读全文>", "油价上涨。"),
        ("Oil rose. The post Oil appeared first on The Courier.", "Oil rose."),
        ("I want to read more", "I want to read more"),
        ("Read more", ""),
    ],
)
def test_the_words_of_a_link_to_the_page_are_no_lead(text: str, left: str) -> None:
    assert shorten(text, 100) == left


def test_the_lead_is_an_original_in_english_if_there_is_one() -> None:
    ru, zh, en = story_of_three().articles
    story = story_of_three()
    assert lead_article(story) == en
    assert lead_article(replace(story, articles=(ru, zh))) == zh
    assert lead_article(replace(story, articles=(ru, zh, replace(en, copy_of=ru.id)))) == zh


def test_an_outlet_is_listed_once_with_its_first_report(beat: Beat) -> None:
    story = make_story(one("First", outlet="TASS", minutes=-10), one("Update", outlet="TASS"), one("B", outlet="B"))
    sources = story_view(story, beat).sources
    assert [(s.outlet, s.title, s.minutes_behind) for s in sources] == [("TASS", "First", 0), ("B", "B", 10)]


def test_actors_and_places_are_named_in_english_and_the_pair_itself_is_not(beat: Beat) -> None:
    mentions = tuple(
        Mention(concept.id, "title", 0, 1)
        for kind in ("person", "body", "place", "country", "theme")
        for concept in [next((c for c in beat.concepts.values() if c.kind == kind), None)]
        if concept
    )
    pair = tuple(
        Mention(c.id, "title", 0, 1) for c in beat.concepts.values() if c.kind == "country" and c.side != "third"
    )
    stored = make_stored(replace(make_annotated(), mentions=(*mentions, *pair, Mention("unknown", "title", 0, 1))))
    kinds = {c.name(): c.kind for c in beat.concepts.values() if c.id in stored.annotated.concepts}
    assert actors(stored, beat)
    assert {kinds[name] for name in actors(stored, beat)} == {"person", "body"}
    assert not {beat.concepts[m.concept].name() for m in pair} & {*places(stored, beat), *actors(stored, beat)}
