"""Content encodings: what is decoded, what is refused, and how soon."""

import asyncio
import gzip
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aggregator.acquire.decode import DecodeError, decoded_body

LIMIT = 2 * 2**20
TEXT = "Граница открыта. 边境开放。 ".encode() * 500


def decode(data: bytes, encoding: str, *, limit: int = LIMIT, chunk: int = 1000) -> bytes:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(data), chunk):
            yield data[start : start + chunk]

    return asyncio.run(decoded_body(chunks(), encoding=encoding, limit=limit))


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


PACKED = [
    ("", TEXT),
    ("identity", TEXT),
    ("gzip", gzip.compress(TEXT)),
    ("GZIP ", gzip.compress(TEXT)),
    ("x-gzip", gzip.compress(TEXT)),
    ("deflate", zlib.compress(TEXT)),
    ("deflate", raw_deflate(TEXT)),
    ("br", brotli.compress(TEXT)),
    ("zstd", zstandard.compress(TEXT)),
]
COMPRESSED = PACKED[2:]


@pytest.mark.parametrize("chunk", [1, 7, 10**6])
@pytest.mark.parametrize(("encoding", "data"), PACKED)
def test_each_encoding_is_undone_however_it_is_cut_into_chunks(encoding: str, data: bytes, chunk: int) -> None:
    assert decode(data, encoding, chunk=chunk) == TEXT


@pytest.mark.parametrize("chunk", [1, 1000])
@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", gzip.compress(TEXT[:5000]) + gzip.compress(TEXT[5000:])),
        ("zstd", zstandard.compress(TEXT[:5000]) + zstandard.compress(TEXT[5000:])),
    ],
)
def test_a_stream_of_several_members_is_read_to_its_end(encoding: str, data: bytes, chunk: int) -> None:
    assert decode(data, encoding, chunk=chunk) == TEXT


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_padding_after_the_end_is_ignored(encoding: str) -> None:
    data = gzip.compress(TEXT) if encoding == "gzip" else zlib.compress(TEXT)
    assert decode(data + b"\0" * 3000, encoding) == TEXT


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.95])
@pytest.mark.parametrize(("encoding", "data"), COMPRESSED)
def test_a_cut_stream_is_an_error(encoding: str, data: bytes, keep: float) -> None:
    with pytest.raises(DecodeError, match="ends in the middle"):
        decode(data[: int(len(data) * keep)], encoding)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_what_is_not_encoded_as_it_says_is_an_error(encoding: str) -> None:
    with pytest.raises(DecodeError):
        decode(b"<rss version='2.0'></rss>", encoding)


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip,br", "compress", "exi", "g\u017cip", "x" * 1000])
def test_stacked_and_unknown_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(DecodeError, match="not accepted"):
        decode(gzip.compress(gzip.compress(TEXT)), encoding)


@pytest.mark.parametrize("encoding", ["", "gzip", "br"])
def test_an_empty_body_is_empty_in_every_encoding(encoding: str) -> None:
    assert decode(b"", encoding) == b""


def test_a_body_of_exactly_the_limit_passes_and_one_byte_more_does_not() -> None:
    assert len(decode(b"x" * LIMIT, "", chunk=65536)) == LIMIT
    with pytest.raises(DecodeError, match="larger than 2 MiB"):
        decode(b"x" * (LIMIT + 1), "", chunk=65536)


def bomb(encoding: str, mebibytes: int) -> bytes:
    zeros = b"\0" * 2**20
    if encoding == "br":
        packer = brotli.Compressor(quality=5)
        return b"".join(packer.process(zeros) for _ in range(mebibytes)) + bytes(packer.finish())
    other = zstandard.ZstdCompressor().compressobj() if encoding == "zstd" else zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(other.compress(zeros) for _ in range(mebibytes)) + other.flush()


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_a_bomb_stops_at_the_limit_quickly_and_in_little_memory(encoding: str) -> None:
    data = bomb(encoding, 200)
    assert len(data) < LIMIT
    tracemalloc.start()
    start = time.process_time()
    try:
        with pytest.raises(DecodeError, match="larger than"):
            decode(data, encoding, chunk=65536)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - start < 2.0
    # The decoders allocate their windows outside of Python; what they hand over is traced.
    assert peak < 4 * LIMIT + 4 * 2**20


def test_endless_junk_after_the_end_stops_at_the_limit() -> None:
    with pytest.raises(DecodeError, match="larger than"):
        decode(gzip.compress(TEXT) + b"\0" * (LIMIT + 1), "gzip", chunk=65536)


@hypothesis_settings(deadline=None)
@given(st.sampled_from(["", "gzip", "deflate", "br", "zstd"]), st.binary(), st.integers(1, 50))
def test_any_bytes_are_a_body_or_a_decode_error(encoding: str, data: bytes, chunk: int) -> None:
    try:
        body = decode(data, encoding, chunk=chunk)
    except DecodeError:
        return
    assert len(body) <= LIMIT


@hypothesis_settings(deadline=None)
@given(st.sampled_from(COMPRESSED), st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_a_damaged_stream_is_a_body_or_a_decode_error(packed: tuple[str, bytes], where: int, noise: bytes) -> None:
    encoding, data = packed
    where %= len(data)
    try:
        decode(data[:where] + noise + data[where + len(noise) :], encoding)
    except DecodeError as error:
        assert str(error)  # noqa: PT017
