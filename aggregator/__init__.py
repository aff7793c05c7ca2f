"""A media monitor for China–Russia ties. The path of a story, room by room:

1. `schedule` ticks; `polling.poll` asks `acquire.due` which feeds are due.
2. `acquire.fetch` brings a Document; `acquire.parse` takes it apart into Entries.
3. `acquire.normalise` makes each Entry an Article: clean, dated, identified.
4. `annotate` says what it is about: Mentions, topics, Relevance with its evidence; `matching` asks the feed's filter.
5. `archive` keeps it, once; `pipeline.read_full_texts` has it judged again by its page, where a feed asks for that.
6. `pipeline.gather` lets `annotate.stories` decide which Story it belongs to, and `annotate.affairs` to which affair that.
7. `pipeline.alert` gives Notice of stories that a rule's Query matches.
8. `pipeline.digest` lets `publish.digest` write the Edition of a local date.
9. `pipeline.deliver` empties the outbox into files and mail.
10. `publish.web` shows the archive to whoever comes back months later.
"""

__version__ = "0.1.0"
