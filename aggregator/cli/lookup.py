"""The commands that look at one article, or at pages: explain, serve."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from aggregator import pipeline
from aggregator.annotate import annotate
from aggregator.annotate.beat import Beat, load_beat
from aggregator.annotate.topics import topic_evidence
from aggregator.archive.sqlite import read_archive
from aggregator.cli import captures, edits, output
from aggregator.cli.options import ArchiveFile, Config, Json, archive_path
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE, load_settings
from aggregator.errors import AggregatorError
from aggregator.model import Annotated as AnnotatedArticle
from aggregator.model import Article, Capture, DateConfidence, FullText, FullTextState, StoredArticle
from aggregator.publish.edits import Edit, edits_of
from aggregator.publish.telling import EDITS
from aggregator.publish.view import actors, places
from aggregator.publish.web.app import make_app
from aggregator.publish.web.server import address, bind, serve
from aggregator.settings import Camp, Settings
from aggregator.text.language import detect_language
from aggregator.text.markup import first_sentence, plain_text

app = typer.Typer()


class _Explanation(NamedTuple):
    """What is known of an article: stored, or only judged (id 0)."""

    stored: StoredArticle
    full_text: FullText | None
    edited: Sequence[Edit]
    brought: Sequence[Capture]


@app.command(
    epilog="Examples:  aggregator explain 17  ·  aggregator explain --title 'Putin meets Xi' --text article.txt"
)
def explain(
    article_id: Annotated[
        int | None, typer.Argument(min=0, max=2**53, metavar="[ID]", help="Id of an article in the archive.")
    ] = None,
    title: Annotated[str, typer.Option("--title", help="Title of a text that is not in the archive.")] = "",
    text: Annotated[Path | None, typer.Option("--text", help="File with its body, UTF-8.")] = None,
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    beat: Annotated[str, typer.Option(help="The beat to judge by.")] = "china-russia",
    json: Json = False,
) -> None:
    """Say what an article is about, how relevant it is, and why; and what its outlet has changed in it since."""
    loaded = load_beat(beat)
    if article_id is not None:
        one = _kept(archive_path(config, archive), article_id)
    elif title or text:
        one = _Explanation(StoredArticle(id=0, annotated=_judged(title, text, loaded)), None, (), ())
    else:
        raise typer.BadParameter("give the ID of an article, or --title and --text")
    if json:
        output.print_json(_explanation_json(one, loaded))
    else:
        _print_explanation(one, loaded)


def _kept(path: Path, article_id: int) -> _Explanation:
    with closing(read_archive(path)) as store:
        stored = store.article(article_id)
        if stored is None:
            raise AggregatorError(f"there is no article {article_id} in the archive")
        edited = edits_of([stored], store.revisions([article_id], EDITS))
        return _Explanation(stored, store.full_text(article_id), edited, store.captures(article_id))


def _judged(title: str, text: Path | None, beat: Beat) -> AnnotatedArticle:
    try:
        body = plain_text(text.read_text(encoding="utf-8", errors="replace")) if text else ""
    except OSError as error:
        raise AggregatorError(f"{text}: {error.strerror}") from error
    now = utc_now()
    article = Article(
        feed_url="",
        outlet="",
        camp=Camp.OTHER,
        country="",
        language=detect_language(f"{title} {body}", hint="en"),
        url="",
        title=plain_text(title) or first_sentence(body),
        summary="",
        text=body,
        author="",
        published=None,
        date_confidence=DateConfidence.FIRST_SEEN,
        first_seen=now,
        content_hash="",
        keys=(),
    )
    return annotate(article, beat)


def _explanation_json(one: _Explanation, beat: Beat) -> dict[str, object]:
    relevance, article = one.stored.annotated.relevance, one.stored.article
    judged = {
        "relevance": relevance.score,
        "language": article.language,
        "topics": one.stored.annotated.topics,
        "topic_evidence": topic_evidence(one.stored.annotated, beat),
        "actors": actors(one.stored, beat),
        "places": places(one.stored, beat),
        "evidence": [evidence._asdict() for evidence in relevance.evidence],
    }
    if not one.stored.id:
        return judged
    return {
        "published": output.when(article.date),
        "updated": output.when(article.updated),
        "first_seen": output.when(article.first_seen),
        "date_confidence": article.date_confidence.value,
        **judged,
        "edits": [edits.edit_json(edit) for edit in one.edited],
        "captures": [captures.capture_json(capture) for capture in one.brought],
        **({"full_text": {"state": one.full_text.state, "reason": one.full_text.reason}} if one.full_text else {}),
    }


def _print_explanation(one: _Explanation, beat: Beat) -> None:
    relevance, article = one.stored.annotated.relevance, one.stored.article
    topics = topic_evidence(one.stored.annotated, beat)
    rows = [
        ("title", article.title),
        ("language", article.language),
        ("relevance", f"{relevance.score:.2f}"),
        ("full text", _told(one.full_text)),
        ("topics", "\n".join(f"{topic}: {', '.join(found)}" for topic, found in topics.items()) or "none"),
        ("actors", ", ".join(actors(one.stored, beat)) or "none"),
        ("places", ", ".join(places(one.stored, beat)) or "none"),
    ]
    output.print_table("Judgement", ("", ""), rows)
    evidence = [(f"{e.points:+.2f}", e.where, e.what) for e in relevance.evidence]
    output.print_table(
        "Why (points of log-odds; 0 in all is a relevance of 0.5)",
        ("points", "where", "what"),
        [*evidence, (f"{beat.weights.bias:+.2f}", "", "bias: most articles are not about the tie")],
    )
    edits.print_edits(one.edited)
    captures.print_captures(one.brought)


def _told(full_text: FullText | None) -> str:
    """What came of reading an article's page, in words."""
    if full_text is None:
        return "not asked for"
    if full_text.state is FullTextState.READ:
        return f"{len(full_text.text):,} characters, read {full_text.asked:%Y-%m-%d %H:%M} UTC"
    return f"{full_text.state.value.replace('-', ' ')} after {full_text.attempts}×: {full_text.reason}"


@app.command(name="serve", epilog="Example:  aggregator serve --archive archive.db --port 8000")
def serve_page(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 8000,
    beat: Annotated[str, typer.Option(help="The beat whose names are known.")] = "china-russia",
) -> None:
    """Serve the archive page on 127.0.0.1, reading only."""
    path = archive_path(config, archive)
    read_archive(path).close()
    listener = bind(port)
    output.err.print(f"The archive: {address(listener)}  (Ctrl-C ends)")
    settings = load_settings(config) if config.is_file() else Settings()
    page = make_app(
        lambda: read_archive(path),
        load_beat(beat),
        feed_reports=lambda store: pipeline.feed_reports(store, settings),
        searches=settings.searches,
        digests=settings.digests,
        alerts=settings.alerts,
    )
    serve(page, listener)
