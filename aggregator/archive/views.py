"""SQL of the views for people who open the archive with other tools: names instead of codes, lists as text."""

#: As pages print them.
_CAMP = """CASE camp
        WHEN 'ru-state' THEN 'Russian state' WHEN 'cn-state' THEN 'Chinese state'
        WHEN 'ru-independent' THEN 'Russian independent' WHEN 'cn-independent' THEN 'Chinese independent'
        WHEN 'official' THEN 'Official' WHEN 'western' THEN 'Western' WHEN 'regional' THEN 'Regional'
        WHEN 'think-tank' THEN 'Think tanks' WHEN 'wire' THEN 'Wires' WHEN 'other' THEN 'Other' ELSE camp END"""
_LANGUAGE = "CASE language WHEN 'en' THEN 'English' WHEN 'ru' THEN 'Russian' WHEN 'zh' THEN 'Chinese' ELSE language END"
_DATE_KNOWN = """CASE date_confidence
        WHEN 'stated' THEN 'stated by the outlet' WHEN 'no-zone' THEN 'stated without a time zone'
        WHEN 'day' THEN 'only the day' WHEN 'first-seen' THEN 'not stated: when first seen' ELSE date_confidence END"""
_LABEL = "CASE label WHEN 2 THEN 'about the tie' WHEN 1 THEN 'in passing' WHEN 0 THEN 'not about it' END"
_NAMES = "replace(replace({}, ' ', ', '), '-', ' ')"

VIEWS = {
    "readable_articles": f"""
    SELECT id, date, title, outlet, {_CAMP} AS camp, country, {_LANGUAGE} AS language, round(relevance, 3) AS relevance,
        {_NAMES.format("topics")} AS topics, {_NAMES.format("concepts")} AS named,
        (SELECT group_concat(printf('%+.2f %s (%s)', value ->> 2, value ->> 0, value ->> 1), '; ')
            FROM json_each(annotation, '$.evidence')) AS evidence,
        story_id AS story, copy_of, url, author, iif(text <> '', text, summary) AS text,
        published, updated, first_seen, {_DATE_KNOWN} AS date_known,
        (SELECT {_LABEL} FROM verdicts WHERE article_id = articles.id) AS verdict,
        (SELECT state FROM full_texts WHERE article_id = articles.id) AS page
    FROM articles""",
    "readable_stories": f"""
    SELECT stories.id,
        (SELECT title FROM articles WHERE story_id = stories.id ORDER BY relevance DESC, date, id LIMIT 1) AS headline,
        min(date) AS first_reported, max(date) AS last_reported, count(*) AS articles,
        stories.sources AS independent_sources, {_CAMP.replace("camp", "first_camp")} AS first_camp,
        group_concat(DISTINCT outlet) AS outlets, group_concat(DISTINCT {_LANGUAGE}) AS languages,
        round(max(relevance), 3) AS relevance,
        (SELECT group_concat(DISTINCT replace(value, '-', ' ')) FROM articles AS member,
            json_each(member.annotation, '$.topics') WHERE member.story_id = stories.id) AS topics,
        (SELECT affair FROM episodes WHERE story = stories.id) AS affair
    FROM stories JOIN articles ON story_id = stories.id GROUP BY stories.id""",
    "readable_evidence": """
    SELECT articles.id AS article, title, value ->> 2 AS points, value ->> 0 AS what, value ->> 1 AS place
    FROM articles, json_each(annotation, '$.evidence')""",
    "readable_names": """
    SELECT article, title, replace(concept, '-', ' ') AS name, place,
        iif(place = 'title', substr(title, start + 1, finish - start), substr(body, start + 1, finish - start)) AS words
    FROM (SELECT articles.id AS article, title, value ->> 0 AS concept, value ->> 1 AS place,
            value ->> 2 AS start, value ->> 3 AS finish,
            iif(length(page) > length(feed), page, feed) AS body
        FROM (SELECT articles.id, title, annotation, iif(articles.text <> '', articles.text, summary) AS feed,
                coalesce(full_texts.text, '') AS page
            FROM articles LEFT JOIN full_texts ON article_id = articles.id AND state = 'read') AS articles,
            json_each(annotation, '$.mentions'))""",
    "readable_revisions": """
    SELECT article_id AS article, replaced, revisions.title AS title_before, articles.title AS title_now,
        iif(revisions.text <> '', revisions.text, revisions.summary) AS text_before, outlet, url
    FROM revisions JOIN articles ON articles.id = article_id""",
    "readable_verdicts": f"""
    SELECT article_id AS article, title, outlet, {_LABEL} AS verdict, round(relevance, 3) AS relevance, given
    FROM verdicts JOIN articles ON articles.id = article_id""",
    "readable_captures": """
    SELECT captures.id, fetched, feed_url, asked, captures.url, coalesce(status, 'pushed') AS status,
        body_length, body_sha256,
        (SELECT group_concat((value ->> 0) || ': ' || (value ->> 1), char(10)) FROM json_each(headers)) AS headers
    FROM captures""",
    "readable_deliveries": """
    SELECT created, kind, channel, target, subject, state, attempts, reason FROM deliveries""",
}
