"""What `aggregator story ID` tells of a story, for people and for machines."""

from typing import Any

from aggregator.cli import output
from aggregator.cli.edits import edit_json, print_edits
from aggregator.model import StoredArticle
from aggregator.publish.account import Account, Chapter
from aggregator.publish.view import CAMP_NAMES, behind


def print_account(account: Account, silent: tuple[str, ...], hours: int) -> None:
    """A story as tables; `silent` are the camps that said nothing within `hours`."""
    story = account.story
    languages = ", ".join(dict.fromkeys(stored.article.language for stored in story.articles))
    output.out.print(f"Story {story.id}: {account.lead.article.title}", markup=False, style="bold", soft_wrap=True)
    output.out.print(
        f"articles: {len(story.articles)}, independent sources: {story.independent_sources}, languages: {languages}"
    )
    _print_reports(account)
    _print_framing(account)
    _print_affair(account)
    if silent:
        output.out.print(f"Nothing within {hours} hours from: {', '.join(silent)}")
    print_edits(account.edits)


def _print_reports(account: Account) -> None:
    output.print_table(
        "First reports",
        ("first", "outlet", "UTC", "behind", "clock"),
        [(r.of, *_source(r.article), behind(r.minutes_behind), r.confidence) for r in account.ladder],
    )
    output.print_table(
        "Timeline",
        ("id", "outlet", "UTC", "lang", "title", "reprints"),
        [(a.id, *_source(a), a.article.language, a.article.title, a.copy_of or "") for a in account.story.articles],
    )
    if account.lineage:
        output.print_table(
            "One text, one source",
            ("had it first", "UTC", "reprinted by"),
            [(*_source(one.original), ", ".join(a.article.outlet for a in one.reprints)) for one in account.lineage],
        )


def _print_framing(account: Account) -> None:
    output.print_table(
        "How the camps tell it",
        ("camp", "n", "headline", "lead", "own words"),
        [
            (f.camp, f.articles, f.lead.article.title, f.summary, ", ".join(f"{term} {n}" for term, n in f.terms))
            for f in account.framing
        ],
    )


def _print_affair(account: Account) -> None:
    if account.affair:
        output.print_table(
            "Earlier and later in this affair",
            ("story", "UTC", "headline", "sources", "shares"),
            [
                (
                    "this" if chapter.story == account.story.id else chapter.story,
                    chapter.date.strftime("%Y-%m-%d %H:%M"),
                    chapter.lead.article.title,
                    chapter.independent_sources,
                    ", ".join(chapter.shares),
                )
                for chapter in account.affair
            ],
        )


def _source(stored: StoredArticle) -> tuple[str, str]:
    return stored.article.outlet, stored.article.date.strftime("%Y-%m-%d %H:%M")


def account_json(account: Account, silent: tuple[str, ...]) -> dict[str, Any]:
    """The same for machines; docs/machines.md describes it."""
    story = account.story
    return {
        "id": story.id,
        "headline": account.lead.article.title,
        "lead": account.lead.id,
        "independent_sources": story.independent_sources,
        "languages": list(dict.fromkeys(stored.article.language for stored in story.articles)),
        "camps": [framing.camp for framing in account.framing],
        "ladder": [
            {"of": r.of, "article": r.article.id, "minutes_behind": r.minutes_behind, "confidence": r.confidence}
            for r in account.ladder
        ],
        "articles": [_article_json(stored) for stored in story.articles],
        "framing": [
            {
                "camp": framing.camp,
                "articles": framing.articles,
                "headline": framing.lead.article.title,
                "lead": framing.summary,
                "terms": dict(framing.terms),
            }
            for framing in account.framing
        ],
        "silent": list(silent),
        "affair": [_chapter_json(chapter) for chapter in account.affair],
        "edits": [edit_json(edit) for edit in account.edits],
    }


def _chapter_json(chapter: Chapter) -> dict[str, Any]:
    return {
        "story": chapter.story,
        "date": output.when(chapter.date),
        "headline": chapter.lead.article.title,
        "articles": chapter.articles,
        "independent_sources": chapter.independent_sources,
        "shares": list(chapter.shares),
    }


def _article_json(stored: StoredArticle) -> dict[str, Any]:
    return {
        "id": stored.id,
        "outlet": stored.article.outlet,
        "camp": CAMP_NAMES[stored.article.camp.value],
        "language": stored.article.language,
        "date": stored.article.date.isoformat(),
        "title": stored.article.title,
        "url": stored.article.url,
        "copy_of": stored.copy_of,
    }
