"""The edition: the same input gives the same bytes, hostile text stays text, each story says why and from whom."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import html5lib
import pytest

from aggregator.annotate.beat import Beat, load_beat
from aggregator.model import Annotated, DayVolume, Edition, Evidence, Health, Mention, Notice, Story
from aggregator.pipeline import write_edition_files
from aggregator.publish.digest import (
    MAIL_BYTES,
    edition_deliveries,
    edition_of,
    mail_html,
    make_edition,
)
from aggregator.publish.inlining import html_part_size, with_inlined_css
from aggregator.publish.numbers import numbers_of
from aggregator.publish.selection import by_importance, select
from aggregator.publish.view import FeedReport, actors, behind, lead_article, places, shorten, story_view
from aggregator.settings import Camp, DigestDefinition, Feed, Section
from tests.builders import NOW, make_annotated, make_article, make_feed, make_state, make_stored, make_story
from tests.publish.inert import HTML, assert_inert, assert_inert_mail, elements, text_of
from tests.publish.materials import VERSIONS, material, ranked

DAY = date(2026, 3, 5)
DAILY = DigestDefinition(zone="Europe/Berlin", recipients=("a@example.org",))
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
        definition,
        DAY,
        NOW - timedelta(days=1),
        NOW,
        material(*stories, feeds=feeds, definition=definition),
        beat=beat,
        versions=VERSIONS,
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
    assert (
        "First: TASS (Russian state), 05 Mar, 08:00 · Chinese +35 min (Xinhua) · English +4 h (Reuters)"
        " · 3 independent sources"
    ) in said
    assert "Russian state: TASS ru" in said
    assert "Chinese state: Xinhua zh +35 min" in said
    assert "Wires: Reuters en +4 h" in said
    assert "Why it is here both sides (title, +4.0) a deal (text, +1.0)" in said
    assert "90% relevant" in said
    assert "First: BBC" in text_of(articles["story-2"])
    assert "1 independent source Other: BBC" in text_of(articles["story-2"])


def test_the_text_twin_has_the_same_headlines_in_the_same_order(beat: Beat) -> None:
    stories = [story_of_three(1), *(make_story(one(f"Title {n}", topics=("trade",)), story_id=n) for n in range(2, 7))]
    made = edition(beat, *stories)
    in_html = [text_of(e) for e in elements(made.html) if e.tag == f"{HTML}h3"]
    in_text = re.findall(r"^\* (.+)$", made.text, re.MULTILINE)
    assert in_text == in_html
    assert len(in_html) == 6
    for part in ("First: TASS", "why: both sides (title)", "Reuters (Wires, en) +4 h https://example.com/"):
        assert part in made.text


def test_stories_are_ranked_cut_to_the_maximum_and_the_rest_is_counted(beat: Beat) -> None:
    stories = [make_story(one(f"Title {n}", score=n / 10), story_id=n) for n in range(1, 6)]
    made = edition(beat, *stories, definition=replace(DAILY, maximum_stories=2, also_noted=1))
    assert made.stories == (5, 4)
    for text in (made.html, made.text):
        assert "2 less important stories are in the archive" in text
        assert "Title 3" in text.partition("Also noted" if text == made.html else "ALSO NOTED")[2]
        assert "Title 2" not in text


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
    assert rows[-4:] == [
        "OutletState",
        "Badhttps://bad.example/rssfailing 3×: HTTP 503",
        "Gonehttps://gone.example/rssgone: HTTP 410",
        "Newhttps://new.example/rssnot polled yet",
    ]
    assert "1 of 4 feeds were read; these were not:" in made.html
    assert "- Bad: failing 3×: HTTP 503 (https://bad.example/rss)" in made.text
    assert "Good" not in made.text


def test_times_are_those_of_the_digests_zone(beat: Beat) -> None:
    assert "04 Mar 13:00 – 05 Mar 13:00 (Europe/Berlin)" in edition(beat).text
    assert "04 Mar 13:00 – 05 Mar 13:00 (Europe/Berlin)" in edition(beat).html


def test_the_manifest_says_what_the_edition_was_made_of(beat: Beat) -> None:
    story = story_of_three()
    made = edition(beat, story, feeds=(report(make_feed()),), definition=replace(DAILY, query="gas"))
    assert {**made.manifest, "definition": None, "content": None} == {
        "subject": "China–Russia daily, 2026-03-05: 1 stories",
        "headlines": ["Gas flows"],
        "problems": [],
        "versions": VERSIONS,
        "definition": None,
        "articles": {str(a.id): a.article.content_hash for a in story.articles},
        "feeds": {make_feed().url: "ok"},
        "content": None,
    }
    assert made.manifest["definition"]["query"] == "gas"  # type: ignore[index]
    kept = json.loads(json.dumps(made.manifest))
    assert edition_of(kept["content"], replace(made, html="", text="")) == made


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
    assert (rows[2].html, rows[2].text) == (mail_html(made), made.text)
    assert rows[2].subject == "China–Russia daily, 2026-03-05: 1 stories"


# --- the parts ---------------------------------------------------------------------------------


def headings(made: Edition) -> dict[str, list[str]]:
    """The headlines under each heading of the page."""
    found: dict[str, list[str]] = {}
    for element in elements(made.html):
        if element.tag == f"{HTML}h2":
            found[text_of(element)] = []
        elif element.tag == f"{HTML}h3":
            found[list(found)[-1]].append(text_of(element))
    return {heading: headlines for heading, headlines in found.items() if headlines}


def test_without_sections_stories_stand_under_the_beats_topics_but_the_top_story(beat: Beat) -> None:
    topics = list(beat.topics.values())
    late, early = topics[3], topics[1]
    of = enumerate((late.id, late.id, early.id, "unheard-of"), 1)
    made = edition(beat, *(make_story(one(f"T{n}", topics=(topic,)), story_id=n) for n, topic in of))
    assert headings(made) == {
        "Top story": ["T1"],
        f"{early.name['en']} 1": ["T3"],
        f"{late.name['en']} 1": ["T2"],
        "Other 1": ["T4"],
    }


def test_a_story_without_a_topic_stands_under_other(beat: Beat) -> None:
    made = edition(beat, make_story(one("Top")), make_story(one("Untopical", topics=(), score=0.6), story_id=2))
    assert "Untopical" in made.html
    assert story_view(make_story(one("x", topics=())), beat).topics == ("other",)


def test_numbers_compare_the_last_24_hours_with_the_days_before(beat: Beat) -> None:
    volumes = [
        DayVolume(0, "wire", ("energy", "trade"), 4),
        DayVolume(0, "ru-state", (), 2),
        DayVolume(1, "wire", ("energy",), 8),
        DayVolume(3, "ru-state", ("trade",), 1),
    ]
    numbers = numbers_of(volumes, NOW, beat)
    assert (numbers.count, numbers.mean, numbers.compared) == (6, 3.0, 3)
    assert [(bar.label, bar.count, bar.height) for bar in numbers.days[-4:]] == [
        ("02 Mar", 1, 12),
        ("03 Mar", 0, 0),
        ("04 Mar", 8, 100),
        ("05 Mar", 6, 75),
    ]
    assert [(row.name, row.count, row.mean, row.width) for row in numbers.camps] == [
        ("Wires", 4, 2.7, 100),
        ("Russian state", 2, 0.3, 50),
    ]
    assert {row.name: (row.count, row.mean) for row in numbers.topics} == {"Energy": (4, 2.7), "Trade": (4, 0.3)}
    assert numbers_of((), NOW, beat).compared == 0


def test_sections_take_what_they_ask_for_in_order_and_within_their_caps(beat: Beat) -> None:
    sections = (
        Section(title="Gas", query="gas", maximum_stories=3, maximum_per_outlet=2),
        Section(title="All sides", maximum_per_camp=1),
        Section(title="Nothing", query="nothing"),
    )
    definition = replace(DAILY, sections=sections, also_noted=5)
    outlets = ("A", "A", "A", "B", "C", "D")
    stories = [
        make_story(one(f"T{n}", outlet=outlet, camp=list(Camp)[n // 4], score=1 - n / 100), story_id=n)
        for n, outlet in enumerate(outlets, 1)
    ]
    rows = by_importance(map(ranked, stories))
    chosen = select(definition, rows, (frozenset({1, 2, 3, 4, 5}), frozenset(range(1, 7)), frozenset()))
    assert chosen.sections == ((1, 2, 4), (3, 5), ())
    assert (chosen.noted, chosen.left_out) == ((6,), 0)


def test_an_empty_section_is_explained_by_the_feeds(beat: Beat) -> None:
    definition = replace(DAILY, sections=(Section(title="Gas", query="gas"), Section(title="Rest")))
    feeds = (report(make_feed()), report(make_feed("https://bad.example/rss", outlet="Bad"), Health.FAILING, "503", 3))
    chosen = material(
        make_story(one("Only")), feeds=feeds, definition=definition, members=(frozenset(), frozenset({1}))
    )
    made = make_edition(definition, DAY, NOW - timedelta(days=1), NOW, chosen, beat=beat, versions=VERSIONS)
    for text in (made.html, made.text, mail_html(made)):
        assert "Nothing in this period, but 1 of 2 feeds were not read: Bad." in text


def test_of_a_story_told_before_only_what_is_new_is_told(beat: Beat) -> None:
    story = make_story(
        one("Talks begin", outlet="TASS", language="ru", minutes=-600, text="Old words of the first day. More."),
        one(
            "Talks end with a deal",
            outlet="Reuters",
            text="Both sides signed a contract for gas on Thursday. Then they left.",
        ),
        one("会谈结束", outlet="Xinhua", language="zh", minutes=5),
    )
    seen = {story.articles[0].id: DAY - timedelta(days=1)}
    made = make_edition(
        DAILY, DAY, NOW - timedelta(days=1), NOW, material(story, seen=seen), beat=beat, versions=VERSIONS
    )
    said = text_of(next(e for e in elements(made.html) if e.tag == f"{HTML}article"))
    assert "Update – told first on 04 Mar. New: 2 outlets (Reuters, Xinhua); first report in English, Chinese." in said
    assert "Both sides signed a contract for gas on Thursday. Then they left. — Reuters" in said
    assert "Old words" not in said
    assert "UPDATE: told first on 04 Mar; new: Reuters, Xinhua" in made.text


def test_a_headline_keeps_its_language_and_a_translation_is_marked(beat: Beat) -> None:
    story = make_story(one("Газ пошёл", language="ru"))
    chosen = material(story, translations={"Газ пошёл": "Gas is flowing <b>"})
    made = make_edition(DAILY, DAY, NOW - timedelta(days=1), NOW, chosen, beat=beat, versions=VERSIONS)
    assert 'lang="ru">Газ пошёл</a>' in made.html
    assert "Gas is flowing &lt;b&gt; <i>(machine translation)</i>" in made.html
    assert "Gas is flowing &lt;b&gt; <i>(machine translation)</i>" in mail_html(made)
    assert "= Gas is flowing <b> (machine translation)" in made.text


def test_notices_that_were_only_kept_stand_in_the_digest(beat: Beat) -> None:
    notice = Notice(
        rule="gas", story=1, headline="Gas <flows>", why="matches 'gas'", url="https://e.org/1", created=NOW
    )
    chosen = material(make_story(one("Only")), notices=(notice,))
    made = make_edition(DAILY, DAY, NOW - timedelta(days=1), NOW, chosen, beat=beat, versions=VERSIONS)
    assert "Gas &lt;flows&gt;" in made.html
    assert "ALERTS HELD BACK\n- Gas <flows> (gas: matches 'gas') https://e.org/1" in made.text


# --- mails ---------------------------------------------------------------------------------------


def test_a_mail_holds_as_many_stories_as_no_client_cuts_off(beat: Beat) -> None:
    stories = [
        make_story(one(f"Title {n} " + "long " * 30, text="A sentence of some words. " * 20), story_id=n)
        for n in range(1, 200)
    ]
    made = edition(beat, *stories, definition=replace(DAILY, maximum_stories=150))
    mail = mail_html(made)
    assert len(made.html.encode()) > MAIL_BYTES
    assert html_part_size(mail) <= MAIL_BYTES
    assert mail.count('class="story') >= 20
    assert "more are in the archive" in mail


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_in_a_mail_is_shown_and_does_nothing(beat: Beat, attack: str) -> None:
    evidence = (Evidence(attack, attack, 1.0),)
    story = make_story(one(attack, outlet=attack, text=f"{attack} and more " * 9, evidence=evidence))
    mail = with_inlined_css(mail_html(edition(beat, story, definition=replace(DAILY, title=attack))))
    assert_inert_mail(mail)
    assert " ".join(attack.split()) in [text_of(element) for element in elements(mail) if element.tag == f"{HTML}h3"]


def test_a_mail_writes_its_styles_into_its_elements(beat: Beat) -> None:
    mail = with_inlined_css(mail_html(edition(beat, story_of_three())))
    sheets = [text_of(element) for element in elements(mail) if element.tag == f"{HTML}style"]
    assert len(sheets) == 1
    assert sheets[0].startswith("@media (prefers-color-scheme:dark)")
    assert 'style="' in mail
    html5lib.HTMLParser(strict=True).parse(mail)


def test_the_subject_is_what_the_definition_says(beat: Beat, tmp_path: Path) -> None:
    definition = replace(DAILY, subject="{weekday} {date}: {top} ({stories}) – {title}")
    made = edition(beat, story_of_three(), make_story(one("Other", score=0.6), story_id=2), definition=definition)
    assert made.manifest["subject"] == "Thursday 2026-03-05: Gas flows (2) – China–Russia daily"
    assert made.manifest["headlines"] == ["Gas flows", "Other"]
    assert {row.subject for row in edition_deliveries(made, definition, tmp_path, NOW)} == {made.manifest["subject"]}


def test_the_files_of_an_edition_of_before_contents_were_kept_are_written_again(beat: Beat, tmp_path: Path) -> None:
    made = replace(edition(beat, story_of_three()), manifest={})
    write_edition_files(made, DAILY, tmp_path, NOW)
    assert (tmp_path / "daily-2026-03-05.html").read_text(encoding="utf-8") == made.html


def test_an_empty_edition_may_be_skipped_and_outputs_chosen(beat: Beat, tmp_path: Path) -> None:
    empty, full = edition(beat), edition(beat, story_of_three())
    assert edition_deliveries(empty, replace(DAILY, when_empty="skip"), tmp_path, NOW) == ()
    assert len(edition_deliveries(empty, DAILY, tmp_path, NOW)) == 3
    assert [row.channel for row in edition_deliveries(full, replace(DAILY, outputs=("mail",)), tmp_path, NOW)] == [
        "mail"
    ]
    assert edition_deliveries(full, replace(DAILY, outputs=("feed",)), tmp_path, NOW) == ()


# --- the parts ---------------------------------------------------------------------------------


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
