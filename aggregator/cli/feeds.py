"""`aggregator feeds …`: the list of sources, and how each is doing."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal, get_args

import httpx
import typer

import aggregator
from aggregator.acquire.access import dressed
from aggregator.acquire.discover import discover_feeds
from aggregator.acquire.fetch import fetch, make_client
from aggregator.acquire.opml import read_opml, write_opml
from aggregator.acquire.politeness import HostGate
from aggregator.cli import output
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE, load_settings
from aggregator.errors import AggregatorError
from aggregator.feedlist import add_feeds, remove_feed
from aggregator.model import Document, Fetched, ParsedFeed, Request
from aggregator.settings import Camp, Feed, Language, Network
from aggregator.text.urls import is_web_url

app = typer.Typer(
    name="feeds", no_args_is_help=True, help="The sources: list, add, remove, import, export, health, check."
)

Config = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
LanguageOption = Annotated[str, typer.Option(help="en | ru | zh")]
CountryOption = Annotated[str, typer.Option(help="ISO 3166-1 alpha-2, e.g. RU")]
CampOption = Annotated[Camp, typer.Option(help="Whose voice the outlet is.")]


def _language(text: str) -> Language:
    known: dict[str, Language] = {code: code for code in get_args(Language)}
    if text not in known:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(known)}", param_hint="--language")
    return known[text]


@app.command("list", epilog="Example:  aggregator feeds list --json")
def list_feeds(config: Config = DEFAULT_FILE, json: Json = False) -> None:
    """List the configured feeds."""
    feeds = load_settings(config).feeds
    if json:
        output.print_json([_feed_json(feed) for feed in feeds])
    else:
        rows = [(f.outlet, f.language, f.country, f.camp.value, f.url) for f in feeds]
        output.print_table(f"{len(feeds)} feeds", ("outlet", "lang", "country", "camp", "url"), rows)


@app.command("add", epilog="Example:  aggregator feeds add https://example.com --outlet Example --camp western")
def add(
    url: Annotated[str, typer.Argument(help="A feed, or a page that names its feed.")],
    outlet: Annotated[str, typer.Option(help="Name of the publication; default: the feed's title.")] = "",
    language: LanguageOption = "en",
    country: CountryOption = "XX",
    camp: CampOption = Camp.OTHER,
    config: Config = DEFAULT_FILE,
) -> None:
    """Add a source, finding the feed of a page; nothing is added that is not a feed."""
    if not is_web_url(url):
        raise typer.BadParameter(f"{url!r} is not an http(s) address", param_hint="URL")
    network = load_settings(config).network if config.is_file() else Network()
    found, kind, parsed = asyncio.run(_find_source(url, network))
    feed = Feed(
        url=found,
        outlet=outlet or parsed.title or found,
        language=_language(language),
        country=country,
        camp=camp,
        kind=kind,
    )
    added = add_feeds(config, [feed])
    output.out.print(
        f"{'added' if added else 'there already'}: {feed.outlet}: {feed.url} ({kind}, {len(parsed.entries)} entries)",
        markup=False,
    )


async def _find_source(url: str, network: Network) -> tuple[str, Literal["feed", "news-sitemap"], ParsedFeed]:
    """(address, kind, what stands there)."""
    from aggregator.acquire.parse import parse  # the parsers are for these two commands only
    from aggregator.acquire.sitemap import parse_sitemap

    async with make_client(network, aggregator.__version__) as client:
        document = await _document(client, url, network)
        parsed = parse(document)
        if isinstance(parsed, ParsedFeed):
            return url, "feed", parsed
        for candidate in discover_feeds(document.body, document.url):
            parsed = parse(await _document(client, candidate, network))
            if isinstance(parsed, ParsedFeed):
                return candidate, "feed", parsed
        sitemap = parse_sitemap(document)
        if isinstance(sitemap, ParsedFeed):
            return url, "news-sitemap", sitemap
        if "sitemap" in url:
            raise AggregatorError(f"{url}: {sitemap.reason}")
    raise AggregatorError(
        f"{url}: no feed there, and the page names none that works; "
        "a page without a feed can be read by selectors, see docs/configuration.md"
    )


async def _document(client: httpx.AsyncClient, url: str, network: Network) -> Document:
    answer = await fetch(client, Request(url=url), deadline=network.deadline_seconds, now=utc_now)
    if not isinstance(answer, Document):
        raise AggregatorError(f"{url}: {getattr(answer, 'reason', 'not modified')}")
    return answer


@app.command("remove", epilog="Example:  aggregator feeds remove https://example.com/rss")
def remove(
    url: Annotated[str, typer.Argument(help="The feed's address as listed.")], config: Config = DEFAULT_FILE
) -> None:
    """Take a source out of the configuration; its articles stay in the archive."""
    if not remove_feed(config, url):
        raise AggregatorError(f"{config} lists no feed {url}")
    output.out.print(f"removed: {url}", markup=False, soft_wrap=True)


@app.command(
    "import", epilog="Example:  aggregator feeds import list.opml --language ru --country RU --camp ru-independent"
)
def import_opml(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    language: LanguageOption = "en",
    country: CountryOption = "XX",
    camp: CampOption = Camp.OTHER,
    config: Config = DEFAULT_FILE,
) -> None:
    """Add the feeds of an OPML file."""
    feeds = read_opml(file.read_bytes(), language=_language(language), country=country, camp=camp)
    added = add_feeds(config, feeds)
    output.out.print(f"{added} added, {len(feeds) - added} there already")


@app.command("export", epilog="Example:  aggregator feeds export > feeds.opml")
def export_opml(config: Config = DEFAULT_FILE) -> None:
    """Print the feeds as OPML."""
    typer.echo(write_opml(load_settings(config).feeds))


@app.command("check", epilog="Example:  aggregator feeds check")
def check(config: Config = DEFAULT_FILE, json: Json = False) -> None:
    """Fetch every source, stored or not, and suggest the repair of each that fails. Exit code 1 if any does."""
    settings = load_settings(config)
    rows = asyncio.run(_check_all(settings.feeds, settings.network))
    if json:
        output.print_json([dict(zip(("url", "ok", "finding", "repair"), row, strict=True)) for row in rows])
    else:
        wrong = [(url, finding, repair) for url, ok, finding, repair in rows if not ok or repair]
        output.print_table(
            f"{sum(ok for _, ok, *_ in rows)} of {len(rows)} sources work", ("url", "finding", "repair"), wrong
        )
    if not all(ok for _, ok, *_ in rows):
        raise typer.Exit(1)


async def _check_all(feeds: tuple[Feed, ...], network: Network) -> list[tuple[str, bool, str, str]]:
    places = asyncio.Semaphore(network.concurrency)
    gate = HostGate(network, clock=asyncio.get_running_loop().time)
    async with make_client(network, aggregator.__version__) as client:

        async def one(feed: Feed) -> tuple[str, bool, str, str]:
            async with gate.at(feed.url), places:
                request = dressed(Request(url=feed.url), feed)
                answer = await fetch(client, request, deadline=network.deadline_seconds, now=utc_now)
                return _finding(feed, answer)

        return list(await asyncio.gather(*map(one, feeds)))


def _finding(feed: Feed, answer: Fetched) -> tuple[str, bool, str, str]:
    """(url, works, what was found, how to repair it)."""
    from aggregator.acquire.source import parse_source

    if not isinstance(answer, Document):
        return (
            feed.url,
            False,
            getattr(answer, "reason", ""),
            "try again later; then look for the feed on the outlet's site",
        )
    parsed = parse_source(answer, feed)
    if isinstance(parsed, ParsedFeed):
        moved = f"write url: {answer.url}" if answer.url != feed.url else ""
        empty = "" if parsed.entries else "the feed is empty: look whether the outlet has another"
        return feed.url, True, f"{parsed.format}, {len(parsed.entries)} entries", moved or empty
    offered = discover_feeds(answer.body, answer.url)
    repair = (
        f"the page offers {offered[0]}" if offered else "look for the feed on the outlet's site, or remove the source"
    )
    return feed.url, False, parsed.reason, repair


def _feed_json(feed: Feed) -> dict[str, object]:
    return {
        "url": feed.url,
        "outlet": feed.outlet,
        "language": feed.language,
        "country": feed.country,
        "camp": feed.camp.value,
        "paused": feed.paused,
    }
