"""Stage 1: from the wire to an Article."""
