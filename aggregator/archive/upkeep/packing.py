"""Packed files: gzip or Zstandard, as their names say."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

import zstandard

#: What reading a packed file raises that is cut or damaged.
UNREADABLE = (OSError, EOFError, zlib.error, zstandard.ZstdError)


@contextmanager
def packed(raw: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """What packs into a file of this name."""
    if name.endswith(".gz"):
        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as stream:
            yield cast("IO[bytes]", stream)
    elif name.endswith(".zst"):
        with zstandard.ZstdCompressor(level=3).stream_writer(raw, closefd=False) as stream:
            yield cast("IO[bytes]", stream)
    else:
        yield raw


@contextmanager
def unpacked(raw: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """What a file of this name holds."""
    if name.endswith(".gz"):
        with gzip.GzipFile(fileobj=raw, mode="rb") as stream:
            yield cast("IO[bytes]", stream)
    elif name.endswith(".zst"):
        reader = zstandard.ZstdDecompressor().stream_reader(raw, closefd=False, read_across_frames=True)
        yield cast("IO[bytes]", io.BufferedReader(cast("io.RawIOBase", reader), 2**20))
    else:
        yield raw
