"""Text in three languages: folding, words, language, URLs and markup. Pure; no knowledge of feeds."""
