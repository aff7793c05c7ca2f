"""EDGE: the archive in the browser. Read-only, server-rendered, no script."""
