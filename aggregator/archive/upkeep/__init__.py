"""EDGE: keeping the archive's file safe for years: copies, checks, moves. Each works on a path, also beside a service."""
