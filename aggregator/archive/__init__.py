"""Stage 3, EDGE: what we keep. The Archive protocol is the only way to what is stored."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Literal, Protocol

from aggregator.model import (
    Annotated,
    Capture,
    DayVolume,
    Delivery,
    DeliveryState,
    Edition,
    EditionLine,
    Episode,
    Facets,
    FeedState,
    FullText,
    Harvest,
    KnownArticle,
    Mute,
    Notice,
    Page,
    Placement,
    RankedStory,
    Revision,
    Saved,
    Selection,
    StoredArticle,
    Story,
    StoryVerdict,
    Subscription,
    Tidied,
    Verdict,
    WantedText,
)
from aggregator.model.query import Query
from aggregator.settings import Retention

Order = Literal["newest", "oldest", "best", "relevance", "sources"]


class Archive(Protocol):
    """What the program remembers. Each method is one transaction; what it has returned survives kill -9."""

    # acquire
    def feed_states(self) -> dict[str, FeedState]:
        """What is remembered of each feed, by its URL."""

    def known_articles(self, feed_url: str, limit: int) -> tuple[KnownArticle, ...]:
        """The latest articles of a feed, as far as needed to recognise them."""

    def save(self, harvest: Harvest) -> Saved:
        """Keep new and revised articles together with the feed's state and validators."""

    def save_all(self, harvests: Sequence[Harvest]) -> tuple[Saved, ...]:
        """`save` for several feeds in one transaction, which costs little more than one for each."""

    def subscriptions(self) -> tuple[Subscription, ...]:
        """The subscriptions at hubs, one a feed."""

    def save_subscriptions(self, subscriptions: Sequence[Subscription]) -> None:
        """Keep subscriptions, each in the place of its feed's former one."""

    def full_texts_wanted(
        self,
        always: Sequence[str],
        when_relevant: Sequence[str],
        *,
        relevance: float,
        since: datetime,
        now: datetime,
        limit: int,
    ) -> tuple[WantedText, ...]:
        """Articles since then whose pages are to be asked now, of feeds named by URL; those of each feed in turn, latest first.

        Of the feeds of `when_relevant`, those articles that are judged `relevance` or above.
        """

    def full_texts_revised(self, limit: int) -> tuple[WantedText, ...]:
        """Articles whose pages were read before their feeds' entries changed."""

    def save_full_texts(self, outcomes: Sequence[tuple[FullText, Annotated | None]]) -> None:
        """Keep what came of reading pages, and judge and index the articles by what they say."""

    def full_text(self, article_id: int) -> FullText | None:
        """What came of reading an article's page; None if nobody has."""

    def uncertain(self, limit: int) -> tuple[StoredArticle, ...]:
        """Articles without a verdict whose relevance is near 0.5, the least certain first, one of a story."""

    def save_verdict(self, verdict: Verdict) -> None:
        """Keep what a person said of an article, in the place of what was said before."""

    def forget_verdict(self, article_id: int) -> None:
        """Take a verdict back."""

    def verdicts(self) -> tuple[tuple[StoredArticle, int], ...]:
        """The articles that people have judged, with their labels."""

    # annotate
    def count_selected(self, selection: Selection) -> int:
        """How many articles a selection holds."""

    def selected(self, selection: Selection, *, after: int, limit: int) -> tuple[StoredArticle, ...]:
        """Articles of a selection with ids above `after`, in the order of ids."""

    def matching(self, query: Query, articles: Sequence[int]) -> frozenset[int]:
        """Which of the articles named by id match a query."""

    def save_annotations(self, judged: Sequence[tuple[StoredArticle, Annotated]]) -> frozenset[int]:
        """Judge and index articles anew, but those whose text has changed since they were handed out; returns whose."""

    def unplaced(self, limit: int) -> tuple[StoredArticle, ...]:
        """Articles without a story, earliest first."""

    def recent(self, since: datetime) -> tuple[StoredArticle, ...]:
        """Articles with a story that appeared since then, earliest first."""

    def place(self, placements: Iterable[Placement]) -> None:
        """Give articles their stories, in order; stories that turn out to be one become one."""

    def changed_stories(self, limit: int) -> tuple[Story, ...]:
        """Stories whose affair is to be decided: new ones, and those with new reports; each with its first reports only."""

    def episodes(self, since: datetime) -> tuple[Episode, ...]:
        """The places in affairs of stories first reported since then."""

    def save_episodes(self, episodes: Sequence[Episode]) -> None:
        """Keep the decided places of stories in affairs, each in the place of its former one."""

    def linked(self) -> tuple[int, int]:
        """How many stories have their place and how many have become part of others: changes when another process decides."""

    def split_story(self, story_id: int, articles: Sequence[int], *, now: datetime) -> int | None:
        """Found a story for articles that do not belong to one, as a person says; None if they are not all and only some of it."""

    def merge_stories(self, kept: int, gone: int, *, now: datetime) -> bool:
        """Make two stories one, as a person says; False if either is not there or they are one already."""

    def story_verdicts(self) -> tuple[StoryVerdict, ...]:
        """What people said of pairs of articles, the last word on each pair."""

    # publish
    def article(self, article_id: int) -> StoredArticle | None:
        """One article."""

    def revisions(self, articles: Sequence[int], limit: int) -> tuple[Revision, ...]:
        """The latest former wordings of articles, the earliest first."""

    def captures(self, article_id: int) -> tuple[Capture, ...]:
        """The answers that brought an article's wordings, the earliest first; none of before captures were kept."""

    def story(self, story_id: int) -> Story | None:
        """One story with its articles; the id of a story that became part of another finds that one."""

    def affair(self, story_id: int) -> tuple[Episode, ...]:
        """The stories of a story's affair, itself among them, earliest first; none while its affair is not decided."""

    def story_ids(self, since: datetime, until: datetime, *, minimum_relevance: float, query: Query) -> frozenset[int]:
        """Stories with an article in the period that matches."""

    def ranked_stories(
        self, since: datetime, until: datetime, *, minimum_relevance: float, query: Query
    ) -> tuple[RankedStory, ...]:
        """The same, with what ranks them as it stood at `until`, by id."""

    def told_stories(self, stories: Collection[int], until: datetime) -> tuple[Story, ...]:
        """Stories by id, each with its articles of before `until`."""

    def volumes(self, until: datetime, *, days: int, minimum_relevance: float) -> tuple[DayVolume, ...]:
        """Relevant articles in each 24 hours before `until`, by camp and topics."""

    def notices_between(self, since: datetime, until: datetime) -> tuple[Notice, ...]:
        """Notices made in a period, the earliest first."""

    def search(
        self, query: Query, *, order: Order, limit: int, offset: int, stories: bool = False, as_of: int | None = None
    ) -> Page:
        """Articles that match a query, or of each of their `stories` one; `as_of`: of those up to that id."""

    def independent_sources(self, stories: Sequence[int]) -> Mapping[int, int]:
        """How many outlets have a text of their own in each of these stories."""

    def facets(self, query: Query) -> Facets:
        """What the articles that match a query are like."""

    def placed_since(self, mark: int, limit: int) -> tuple[StoredArticle, ...]:
        """Placed articles with ids above a mark, earliest first."""

    def percolate(self, queries: Sequence[Query], articles: Sequence[StoredArticle]) -> tuple[frozenset[int], ...]:
        """Of each query, the ids of those of the articles, which the archive holds, that match it."""

    def feeds_began(self, feeds: Iterable[str]) -> dict[str, datetime]:
        """When the first article of each feed was seen."""

    def save_mute(self, mute: Mute) -> None:
        """Remember what a person does not want to be told of; until another time if that was known."""

    def mutes(self, now: datetime) -> tuple[Mute, ...]:
        """What is not to be told now, the first to end first."""

    def looked(self, name: str) -> datetime | None:
        """When rules of some kind were asked last."""

    def save_looked(self, name: str, now: datetime) -> None:
        """Remember that rules of some kind have been asked."""

    def hourly(self, query: Query, until: datetime, *, hours: int, minimum_relevance: float) -> tuple[int, ...]:
        """How many articles match in each of the hours before `until`, the earliest first."""

    def last_notices(self, stories: Collection[int]) -> dict[tuple[str, int], Notice]:
        """The latest notice of each rule and story, also of what became part of a story."""

    def notices_by(self, rule: str, limit: int) -> tuple[Notice, ...]:
        """The latest notices of a rule."""

    def notices_held(self, reasons: Collection[str]) -> tuple[Notice, ...]:
        """Notices that wait for one of these reasons, the earliest first."""

    def release_notices(self, notices: Sequence[Notice], held: str, deliveries: Sequence[Delivery]) -> None:
        """Queue the deliveries that tell of notices that waited, and keep what became of them."""

    def alert_mark(self) -> int:
        """Id of the last article that alerts have seen."""

    def save_notices(self, notices: Sequence[Notice], deliveries: Sequence[Delivery], *, mark: int) -> int:
        """Keep notices not yet given for their (rule, story, number), with their deliveries, and move the mark; returns how many."""

    def notices(self, limit: int) -> tuple[Notice, ...]:
        """The latest notices."""

    def edition(self, digest: str, day: date) -> Edition | None:
        """The edition of a digest for a local date."""

    def edition_days(self, digest: str | None = None) -> tuple[tuple[str, date], ...]:
        """(digest, local date) of the editions, latest first."""

    def edition_lines(self, digests: Sequence[str] | None = None, limit: int | None = None) -> tuple[EditionLine, ...]:
        """What lists say of the editions of these digests, by default of all, latest first."""

    def begun(self) -> datetime | None:
        """When the first article came; None in an empty archive."""

    def save_edition(self, edition: Edition, deliveries: Sequence[Delivery]) -> bool:
        """Keep an edition and queue its deliveries; False, and nothing changes, if there is one already."""

    def deliveries(self, *states: DeliveryState) -> tuple[Delivery, ...]:
        """Deliveries in any of the states, oldest first."""

    def latest_deliveries(self, *states: DeliveryState, limit: int) -> tuple[Delivery, ...]:
        """Deliveries in any of the states, latest first, without their texts."""

    def delivery_counts(self) -> dict[DeliveryState, int]:
        """How many deliveries are in each state that has any."""

    def ready_deliveries(self, now: datetime, *, limit: int) -> tuple[Delivery, ...]:
        """Queued deliveries whose next attempt has come: alerts first, then the oldest."""

    def claim_delivery(self, delivery: Delivery) -> bool:
        """Mark a queued delivery as being sent; False if it is not queued any more."""

    def update_delivery(self, delivery: Delivery) -> None:
        """Keep the state, attempts, reason and next attempt of a delivery."""

    def resend(self, key: str, target: str = "") -> tuple[Delivery, ...]:
        """Queue uncertain and failed deliveries of a key anew, to one target or all; returns them as they were."""

    def drop(self, key: str, target: str = "") -> tuple[Delivery, ...]:
        """Forget queued, uncertain and failed deliveries of a key, to one target or all; returns them as they were."""

    def only_sender(self) -> AbstractContextManager[bool]:
        """Be the only one that sends what the outbox has, as long as it is entered; says whether that is so."""

    # for people
    def counts(self) -> dict[str, int]:
        """Number of articles, stories, editions, notices and deliveries."""

    def copies(self) -> int:
        """Articles that reprint another's text."""

    def last_article_id(self) -> int:
        """The highest article id that has a story; 0 in an empty archive."""

    # upkeep
    def to_tidy(self, rules: Retention, now: datetime) -> Tidied:
        """What the rules say is old by now."""

    def tidy(self, rules: Retention, now: datetime, limit: int) -> Tidied:
        """Drop so many texts that are old, in one transaction; none are left when it says so."""

    def tidied(self) -> datetime | None:
        """When all that was old had gone last."""

    def save_tidied(self, now: datetime) -> None:
        """Remember that all that is old has gone."""

    def close(self) -> None:
        """Give the file back."""
