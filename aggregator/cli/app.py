"""The commands."""

import asyncio
import webbrowser
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

import aggregator
from aggregator import pipeline
from aggregator.acquire.normalise import first_sentence
from aggregator.annotate import annotate
from aggregator.annotate.beat import Beat, load_beat
from aggregator.archive import Order
from aggregator.archive.sqlite import open_archive, read_archive
from aggregator.cli import output
from aggregator.cli.demo import run_demo
from aggregator.cli.feeds import feeds_app
from aggregator.cli.service import open_service, run_forever, tell, utc_now
from aggregator.config import DEFAULT_FILE, load_settings
from aggregator.errors import AggregatorError
from aggregator.model import Annotated as AnnotatedArticle
from aggregator.model import Article, StoredArticle
from aggregator.publish.calendar import local_day
from aggregator.publish.deliver import Channels
from aggregator.publish.view import actors, places
from aggregator.publish.web.app import make_app
from aggregator.publish.web.server import address, bind, serve
from aggregator.query import parse_query
from aggregator.settings import Camp, DigestDefinition, Settings
from aggregator.text.language import detect_language
from aggregator.text.markup import plain_text

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Polls feeds in English, Russian and Chinese, judges what is about China–Russia ties, writes a daily digest.",
    epilog="Examples:  aggregator demo  ·  aggregator run  ·  aggregator search 'Путин topic:energy since:7d'",
)
app.add_typer(feeds_app, name="feeds")

Config = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
ArchiveFile = Annotated[
    Path | None, typer.Option("--archive", "-a", help="The archive; default: as the configuration says.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def _settings(config: Path, archive: Path | None) -> Settings:
    settings = load_settings(config)
    return replace(settings, archive=archive.absolute()) if archive else settings


def _archive_path(config: Path, archive: Path | None) -> Path:
    """The archive, without need of a configuration where the command line names it."""
    return archive or load_settings(config).archive


def _version(wanted: bool) -> None:
    if wanted:
        output.out.print(f"aggregator {aggregator.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Global options."""


@app.command(epilog="Example:  aggregator poll --config feeds.yaml --json")
def poll(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    json: Json = False,
    due: Annotated[bool, typer.Option("--due", help="Only feeds whose time has come (for cron).")] = False,
) -> None:
    """Poll the feeds now and gather their articles into stories. Exit code 1 if every feed failed.

    A feed whose server asked for rest (Retry-After, 410) is left alone even so.
    """
    settings = _settings(config, archive)

    async def work() -> pipeline.PollReport:
        async with open_service(settings) as service:
            report = await service.poll(by_command=not due, progress=not json)
            pipeline.gather(service.archive, settings)
            return report

    report = asyncio.run(work())
    if json:
        output.print_json(output.report_json(report))
    else:
        output.print_report(report)
    if report.results and report.feeds("failed") == len(report.results):
        raise typer.Exit(1)


@app.command(epilog="Example:  aggregator digest --date 2026-03-05 --output out/")
def digest(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    day: Annotated[str, typer.Option("--date", help="Local date YYYY-MM-DD; default: today.")] = "",
    folder: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the files; default: as configured.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Open the first edition in the browser.")] = False,
    json: Json = False,
) -> None:
    """Make the edition of each digest for a date and deliver it. An edition that exists is never made or mailed twice."""
    settings = _settings(config, archive)
    settings = replace(settings, digest_folder=folder.absolute()) if folder else settings
    store = open_archive(settings.archive, must_exist=True)
    try:
        made: list[tuple[DigestDefinition, date, bool]] = []
        for definition in settings.digests:
            one = replace(settings, digests=(definition,))
            made += pipeline.digest(store, one, now=utc_now(), day=_day(day) or local_day(definition, utc_now()))
        asyncio.run(pipeline.deliver(store, Channels(mail=settings.mail), now=utc_now()))
        rows = []
        for definition, edition_day, new in made:
            edition = store.edition(definition.name, edition_day)
            path = settings.digest_folder / f"{definition.name}-{edition_day.isoformat()}.html"
            if edition and not path.is_file():
                pipeline.write_edition_files(edition, definition, settings.digest_folder, utc_now())
            rows.append(
                {
                    "digest": definition.name,
                    "date": edition_day.isoformat(),
                    "path": str(path),
                    "stories": len(edition.stories) if edition else 0,
                    "new": new,
                }
            )
    finally:
        store.close()
    if json:
        output.print_json({"editions": rows})
    else:
        output.print_table(
            "Editions",
            ("digest", "date", "stories", "state", "path"),
            [(r["digest"], r["date"], r["stories"], "made" if r["new"] else "there already", r["path"]) for r in rows],
        )
    if preview and rows:
        webbrowser.open(Path(str(rows[0]["path"])).as_uri())


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write 2026-03-05", param_hint="--date") from None


@app.command(
    epilog="Examples:  aggregator search 'Putin AND gas'  ·  aggregator search '\"Power of Siberia\" lang:ru since:30d' --json"
)
def search(
    query: Annotated[
        str, typer.Argument(help='Words, "phrases", AND OR NOT, topic:energy, since:7d …; see docs/query-language.md')
    ],
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    order: Annotated[str, typer.Option("--sort", help="newest | best (most relevant)")] = "newest",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    offset: Annotated[int, typer.Option(min=0, max=2**53)] = 0,
    beat: Annotated[str, typer.Option(help="The beat whose names are known.")] = "china-russia",
    json: Json = False,
) -> None:
    """Search the archive. A name such as Путин, 普京 or Putin finds all three."""
    if order not in ("newest", "best"):
        raise typer.BadParameter("newest or best", param_hint="--sort")
    chosen: Order = "best" if order == "best" else "newest"
    store = read_archive(_archive_path(config, archive))
    try:
        parsed = parse_query(query, concept_named=load_beat(beat).concept_named, now=utc_now())
        page = store.search(parsed, order=chosen, limit=limit, offset=offset)
    finally:
        store.close()
    if json:
        output.print_json({"total": page.total, "hits": [output.hit_json(hit) for hit in page.hits]})
        return
    rows = [
        (
            h.stored.id,
            h.stored.article.date.strftime("%Y-%m-%d %H:%M"),
            h.stored.article.outlet,
            h.stored.article.language,
            f"{h.stored.annotated.relevance.score:.2f}",
            h.stored.article.title,
        )
        for h in page.hits
    ]
    output.print_table(f"{page.total} articles", ("id", "date (UTC)", "outlet", "lang", "rel.", "title"), rows)


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
    """Say what an article is about, how relevant it is, and why."""
    loaded = load_beat(beat)
    if article_id is not None:
        store = read_archive(_archive_path(config, archive))
        try:
            stored = store.article(article_id)
        finally:
            store.close()
        if stored is None:
            raise AggregatorError(f"there is no article {article_id} in the archive")
    elif title or text:
        stored = StoredArticle(id=0, annotated=_judged(title, text, loaded))
    else:
        raise typer.BadParameter("give the ID of an article, or --title and --text")
    _print_explanation(stored, loaded, json=json)


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
        first_seen=now,
        content_hash="",
        keys=(),
    )
    return annotate(article, beat)


def _print_explanation(stored: StoredArticle, beat: Beat, *, json: bool) -> None:
    relevance, article = stored.annotated.relevance, stored.article
    if json:
        output.print_json(
            {
                "relevance": relevance.score,
                "language": article.language,
                "topics": stored.annotated.topics,
                "actors": actors(stored, beat),
                "places": places(stored, beat),
                "evidence": [evidence._asdict() for evidence in relevance.evidence],
            }
        )
        return
    rows = [
        ("title", article.title),
        ("language", article.language),
        ("relevance", f"{relevance.score:.2f}"),
        ("topics", ", ".join(stored.annotated.topics) or "none"),
        ("actors", ", ".join(actors(stored, beat)) or "none"),
        ("places", ", ".join(places(stored, beat)) or "none"),
    ]
    output.print_table("Judgement", ("", ""), rows)
    evidence = [(f"{e.points:+.2f}", e.where, e.what) for e in relevance.evidence]
    output.print_table(
        "Why (points of log-odds; 0 in all is a relevance of 0.5)",
        ("points", "where", "what"),
        [*evidence, (f"{beat.weights.bias:+.2f}", "", "bias: most articles are not about the tie")],
    )


@app.command(name="serve", epilog="Example:  aggregator serve --archive archive.db --port 8000")
def serve_page(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 8000,
    beat: Annotated[str, typer.Option(help="The beat whose names are known.")] = "china-russia",
) -> None:
    """Serve the archive page on 127.0.0.1, reading only."""
    path = _archive_path(config, archive)
    read_archive(path).close()
    listener = bind(port)
    output.err.print(f"The archive: {address(listener)}  (Ctrl-C ends)")
    serve(make_app(lambda: read_archive(path), load_beat(beat)), listener)


@app.command(epilog="Examples:  aggregator run  ·  aggregator run --once")
def run(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    once: Annotated[bool, typer.Option("--once", help="One round of everything, then end.")] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of the archive page.")] = None,
) -> None:
    """Poll at once and then on schedule, send alerts, make digests at their hour, serve the archive page."""
    settings = _settings(config, archive)
    if once:

        async def work() -> None:
            async with open_service(settings) as service:
                tell(await service.round())

        asyncio.run(work())
        return
    listener = bind(settings.web.port if port is None else port)
    asyncio.run(run_forever(settings, listener))


@app.command(epilog="Example:  aggregator demo --no-serve")
def demo(
    serve: Annotated[bool, typer.Option(help="Serve the archive page afterwards, until Ctrl-C.")] = True,
    folder: Annotated[Path, typer.Option("--output", "-o", help="Folder for the digest.")] = Path("digests"),
    archive: Annotated[Path, typer.Option("--archive", "-a", help="Archive of the demo; made anew each time.")] = Path(
        "demo.db"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the archive page; 0 takes a free one.")] = 0,
) -> None:
    """Replay a recorded fortnight of sample feeds through the real program, without a network."""
    run_demo(folder=folder.absolute(), archive=archive.absolute(), serve_page=serve, port=port)
