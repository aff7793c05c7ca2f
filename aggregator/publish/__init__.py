"""Stage 4: what readers get: digests, alerts, and the archive page."""
