"""The tables, and the named migrations that make them."""

from datetime import datetime
from hashlib import sha256

from sqlite_utils import Database, Migrations

from aggregator.archive.first_tables import FIRST_TABLES
from aggregator.archive.positions import new_positions
from aggregator.archive.views import VIEWS

migrations = Migrations("aggregator")

#: Analysed words, so that every tokeniser decision is made in `aggregator.text.words`: each Han
#: character is a token, Russian lemmas and English stems are stored. `_` joins the ids of concepts
#: (`c_vladimir_putin`) and topics (`t_energy`), which no text can contain.
_TOKENIZE = """tokenize = "unicode61 remove_diacritics 0 tokenchars '_'\""""
_FORMER_WORDS = f"CREATE VIRTUAL TABLE article_words USING fts5(title, text, concepts, {_TOKENIZE})"
#: Without a copy of the text, which `articles` holds; the rows lie by `articles.position`.
_WORDS = f"""
CREATE VIRTUAL TABLE article_words USING fts5(
    title, text, marks, content = '', contentless_delete = 1, {_TOKENIZE}
)
"""


@migrations()
def m001_tables(db: Database) -> None:
    """Feeds, articles with their revisions and identity keys, stories, editions, notices, outbox."""
    for statement in FIRST_TABLES.split(";"):
        if statement.strip():
            db.execute(statement)
    db.execute(_FORMER_WORDS)


@migrations()
def m002_feed_memory(db: Database) -> None:
    """Rhythm, redirects and the last whole document of each feed, as JSON: nothing of it is looked up."""
    db.execute("ALTER TABLE feed_states ADD COLUMN memory TEXT NOT NULL DEFAULT '{}'")


@migrations()
def m003_bulk_writes(db: Database) -> None:
    """A batch of articles fits into the index's memory; an index of keys that nothing asks is gone."""
    db.execute("INSERT INTO article_words(article_words, rank) VALUES ('hashsize', 8388608)")
    db.execute("DROP INDEX IF EXISTS article_keys_by_article")


@migrations()
def m004_subscriptions(db: Database) -> None:
    """WebSub: one subscription a feed."""
    db.execute(_SUBSCRIPTIONS)


_SUBSCRIPTIONS = """
CREATE TABLE subscriptions (
    feed_url TEXT PRIMARY KEY,
    hub TEXT NOT NULL,
    topic TEXT NOT NULL,
    token TEXT NOT NULL,
    secret TEXT NOT NULL,
    state TEXT NOT NULL,
    requested TEXT,
    next_request TEXT,
    attempts INTEGER NOT NULL,
    lease_until TEXT,
    last_push TEXT,
    ignored INTEGER NOT NULL,
    reason TEXT NOT NULL
)
"""


@migrations()
def m005_full_texts(db: Database) -> None:
    """What came of reading each article's page, beside what its feed said."""
    db.execute(
        """
        CREATE TABLE full_texts (
            article_id INTEGER PRIMARY KEY REFERENCES articles(id),
            url TEXT NOT NULL,
            state TEXT NOT NULL,
            asked TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            reason TEXT NOT NULL,
            next_try TEXT,
            text TEXT NOT NULL
        )
        """
    )
    db.execute("CREATE INDEX full_texts_revised ON full_texts(state) WHERE state = 'revised'")


@migrations()
def m006_date_confidence(db: Database) -> None:
    """When an article was changed, and how well its date is known; of old dates it is not known whether a zone stood there."""
    db.execute("ALTER TABLE articles ADD COLUMN updated TEXT")
    db.execute("ALTER TABLE articles ADD COLUMN date_confidence TEXT NOT NULL DEFAULT 'no-zone'")
    db.execute("UPDATE articles SET date_confidence = 'first-seen' WHERE published IS NULL")


@migrations()
def m007_verdicts(db: Database) -> None:
    """What people said of articles: 2 about the tie, 1 in passing, 0 not."""
    db.execute(
        "CREATE TABLE verdicts (article_id INTEGER PRIMARY KEY REFERENCES articles(id),"
        " label INTEGER NOT NULL, given TEXT NOT NULL)"
    )


@migrations()
def m008_story_verdicts(db: Database) -> None:
    """Stories that became one keep resolving under their old ids; what people said of stories is kept."""
    db.execute("CREATE TABLE merged_stories (old INTEGER PRIMARY KEY, story INTEGER NOT NULL REFERENCES stories(id))")
    db.execute("CREATE INDEX merged_stories_by_story ON merged_stories(story)")
    db.execute(
        """
        CREATE TABLE story_verdicts (
            article INTEGER NOT NULL REFERENCES articles(id),
            other INTEGER NOT NULL REFERENCES articles(id),
            same INTEGER NOT NULL,
            decided TEXT NOT NULL,
            PRIMARY KEY (article, other)
        ) WITHOUT ROWID
        """
    )


@migrations()
def m009_annotation_version(db: Database) -> None:
    """By which version of beat and code each article was judged; of old ones it is not known."""
    db.execute("ALTER TABLE articles ADD COLUMN annotation_version TEXT NOT NULL DEFAULT ''")
    # So that the articles of another version can be counted without reading the table.
    db.execute("CREATE INDEX articles_by_annotation_version ON articles(annotation_version)")


@migrations()
def m010_episodes(db: Database) -> None:
    """The affair of each story; of an older archive those of the last four weeks are to be decided."""
    db.execute(
        """
        CREATE TABLE episodes (
            story INTEGER PRIMARY KEY REFERENCES stories(id),
            affair INTEGER NOT NULL,
            date TEXT NOT NULL,
            terms TEXT NOT NULL,
            shares TEXT NOT NULL
        )
        """
    )
    db.execute("CREATE INDEX episodes_by_affair ON episodes(affair)")
    db.execute("CREATE INDEX episodes_by_date ON episodes(date)")
    db.execute("ALTER TABLE stories ADD COLUMN changed INTEGER NOT NULL DEFAULT 0")
    db.execute("CREATE INDEX stories_changed ON stories(id) WHERE changed")
    db.execute(
        "UPDATE stories SET changed = 1 WHERE id IN (SELECT story_id FROM articles WHERE date >="
        " (SELECT strftime('%Y-%m-%dT%H:%M:%S', max(date), '-28 days') FROM articles))"
    )


@migrations()
def m011_positions(db: Database) -> None:
    """The index lies in the order of dates, knows outlet, camp, country and language, and holds no copy of the text; `indexing` fills it."""
    db.execute("ALTER TABLE articles ADD COLUMN position INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE articles ADD COLUMN concepts TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE articles ADD COLUMN topics TEXT NOT NULL DEFAULT ''")
    _fill_marks(db)
    _fill_positions(db)
    # With what a search asks of each article that it meets: reading the articles themselves takes ten times as long.
    db.execute(
        "CREATE INDEX articles_by_position ON articles"
        "(position, relevance, story_id, id, first_seen, outlet, camp, language, topics, concepts)"
    )
    db.execute("DROP TABLE article_words")
    db.execute(_WORDS)
    db.execute("INSERT INTO article_words(article_words, rank) VALUES ('hashsize', 8388608)")


def _fill_marks(db: Database) -> None:
    db.execute(
        "UPDATE articles SET topics = (SELECT coalesce(group_concat(value, ' '), '') FROM json_each(annotation, '$.topics')),"
        " concepts = (SELECT coalesce(group_concat(concept, ' '), '') FROM (SELECT value ->> 0 AS concept, min(key) AS place"
        " FROM json_each(annotation, '$.mentions') GROUP BY concept ORDER BY place))"
    )


def _fill_positions(db: Database) -> None:
    rows = db.conn.execute("SELECT id, date FROM articles ORDER BY id").fetchall()
    positions = new_positions((datetime.fromisoformat(date) for _, date in rows), lambda start, end: None)
    values = [(position, article) for position, (article, _) in zip(positions, rows, strict=True)]
    db.conn.executemany("UPDATE articles SET position = ? WHERE id = ?", values)


@migrations()
def m012_story_sources(db: Database) -> None:
    """What searches ask of stories: how many independent sources, and whose voice was first."""
    db.execute("ALTER TABLE stories ADD COLUMN sources INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE stories ADD COLUMN first_camp TEXT NOT NULL DEFAULT ''")
    db.execute(TELL_STORIES)


@migrations()
def m020_captures(db: Database) -> None:
    """The answers that brought articles, so that a quotation can be proved; of older articles there are none."""
    db.execute(
        """
        CREATE TABLE captures (
            id INTEGER PRIMARY KEY,
            feed_url TEXT NOT NULL,
            asked TEXT NOT NULL,
            url TEXT NOT NULL,
            status INTEGER,
            fetched TEXT NOT NULL,
            headers TEXT NOT NULL,
            headers_left_out INTEGER NOT NULL,
            body_length INTEGER NOT NULL,
            body_sha256 TEXT NOT NULL
        )
        """
    )
    db.execute("ALTER TABLE articles ADD COLUMN capture_id INTEGER REFERENCES captures(id)")
    db.execute("ALTER TABLE revisions ADD COLUMN capture_id INTEGER REFERENCES captures(id)")


@migrations()
def m021_views(db: Database) -> None:
    """Views for people who open the archive with other tools."""
    for name, select in VIEWS.items():
        db.execute(f"CREATE VIEW {name} AS {select}")


@migrations()
def m022_retention(db: Database) -> None:
    """When an article's text was dropped; those that have theirs are found by date."""
    db.execute("ALTER TABLE articles ADD COLUMN text_dropped TEXT")
    db.execute("CREATE INDEX articles_with_text ON articles(date) WHERE text_dropped IS NULL")


@migrations()
def m023_index_words(db: Database) -> None:
    """The words that the index holds, each once; `indexing` fills them in."""
    db.execute("CREATE TABLE index_words (word TEXT PRIMARY KEY) WITHOUT ROWID")


@migrations()
def m024_outbox(db: Database) -> None:
    """When a delivery is tried again; its words, which many have in common, each kept once and apart from its state."""
    db.execute("ALTER TABLE deliveries ADD COLUMN next_attempt TEXT")
    db.execute(
        "CREATE TABLE delivery_texts (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, text TEXT NOT NULL, html TEXT NOT NULL)"
    )
    db.execute("ALTER TABLE deliveries ADD COLUMN words INTEGER REFERENCES delivery_texts(id)")
    db.execute("CREATE INDEX deliveries_by_words ON deliveries(words)")
    for row, text, html in db.conn.execute("SELECT rowid, text, html FROM deliveries").fetchall():
        db.execute("UPDATE deliveries SET words = ? WHERE rowid = ?", (keep_words(db, text, html), row))
    for column in ("text", "html"):
        db.execute(f"ALTER TABLE deliveries DROP COLUMN {column}")


def keep_words(db: Database, text: str, html: str) -> int | None:
    """The id of the words of a delivery, kept if they are new; None for none."""
    if not text and not html:
        return None
    name = sha256(f"{len(text)} {text}{html}".encode()).hexdigest()
    db.execute("INSERT OR IGNORE INTO delivery_texts (hash, text, html) VALUES (?, ?, ?)", (name, text, html))
    return int(db.execute("SELECT id FROM delivery_texts WHERE hash = ?", (name,)).fetchone()[0])


@migrations()
def m025_notices(db: Database) -> None:
    """Notices that tell more of a story, that wait, and what they show."""
    db.execute(
        """
        CREATE TABLE told_notices (
            rule TEXT NOT NULL,
            story INTEGER NOT NULL,
            number INTEGER NOT NULL,
            severity TEXT NOT NULL,
            headline TEXT NOT NULL,
            why TEXT NOT NULL,
            url TEXT NOT NULL,
            created TEXT NOT NULL,
            recipients TEXT NOT NULL,
            channels TEXT NOT NULL,
            held TEXT NOT NULL,
            details TEXT NOT NULL,
            PRIMARY KEY (rule, story, number)
        )
        """
    )
    db.execute(
        "INSERT INTO told_notices SELECT rule, story, 1, 'info', headline, why, url, created, recipients, '[]', '', '{}'"
        " FROM notices"
    )
    db.execute("DROP TABLE notices")
    db.execute("ALTER TABLE told_notices RENAME TO notices")
    db.execute("CREATE INDEX notices_by_time ON notices(created)")
    db.execute("CREATE INDEX notices_waiting ON notices(held) WHERE held <> ''")


@migrations()
def m026_mutes(db: Database) -> None:
    """What people do not want to be told of."""
    db.execute(
        "CREATE TABLE mutes (rule TEXT NOT NULL, story INTEGER NOT NULL, outlet TEXT NOT NULL, until TEXT NOT NULL,"
        " PRIMARY KEY (rule, story, outlet))"
    )


#: What is kept of stories about their articles, worked out anew; a condition on `id` may follow.
TELL_STORIES = """
UPDATE stories SET
    sources = (SELECT count(DISTINCT outlet) FROM articles WHERE story_id = stories.id AND copy_of IS NULL),
    first_camp = coalesce((SELECT camp FROM articles WHERE story_id = stories.id ORDER BY date, id LIMIT 1), '')
"""
