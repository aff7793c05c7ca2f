"""The tables of the first archives; migrations in `schema` have changed them since."""

FIRST_TABLES = """
CREATE TABLE feed_states (
    url TEXT PRIMARY KEY,
    outlet TEXT NOT NULL,
    etag TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    next_due TEXT,
    held_until TEXT,
    failures INTEGER NOT NULL,
    health TEXT NOT NULL,
    reason TEXT NOT NULL,
    last_attempt TEXT,
    last_ok TEXT
);
CREATE TABLE stories (
    id INTEGER PRIMARY KEY,
    founded_by INTEGER NOT NULL
);
CREATE TABLE articles (
    id INTEGER PRIMARY KEY,
    feed_url TEXT NOT NULL,
    outlet TEXT NOT NULL,
    camp TEXT NOT NULL,
    country TEXT NOT NULL,
    language TEXT NOT NULL,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    text TEXT NOT NULL,
    author TEXT NOT NULL,
    published TEXT,
    first_seen TEXT NOT NULL,
    date TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    relevance REAL NOT NULL,
    annotation TEXT NOT NULL,
    story_id INTEGER REFERENCES stories(id),
    copy_of INTEGER REFERENCES articles(id)
);
CREATE INDEX articles_by_date ON articles(date);
CREATE INDEX articles_by_story ON articles(story_id);
CREATE INDEX articles_by_feed ON articles(feed_url);
CREATE TABLE article_keys (
    outlet TEXT NOT NULL,
    key TEXT NOT NULL,
    article_id INTEGER NOT NULL REFERENCES articles(id),
    PRIMARY KEY (outlet, key, article_id)
) WITHOUT ROWID;
CREATE INDEX article_keys_by_article ON article_keys(article_id);
CREATE TABLE revisions (
    article_id INTEGER NOT NULL REFERENCES articles(id),
    replaced TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    text TEXT NOT NULL,
    content_hash TEXT NOT NULL
);
CREATE INDEX revisions_by_article ON revisions(article_id);
CREATE TABLE notices (
    rule TEXT NOT NULL,
    story INTEGER NOT NULL,
    headline TEXT NOT NULL,
    why TEXT NOT NULL,
    url TEXT NOT NULL,
    created TEXT NOT NULL,
    recipients TEXT NOT NULL,
    PRIMARY KEY (rule, story)
);
CREATE TABLE editions (
    digest TEXT NOT NULL,
    date TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT NOT NULL,
    html TEXT NOT NULL,
    text TEXT NOT NULL,
    stories TEXT NOT NULL,
    manifest TEXT NOT NULL,
    PRIMARY KEY (digest, date)
);
CREATE TABLE deliveries (
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    target TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    created TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (key, channel, target)
);
CREATE INDEX deliveries_by_state ON deliveries(state);
CREATE TABLE marks (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
)
"""
