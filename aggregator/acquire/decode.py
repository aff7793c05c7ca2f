"""Undoing Content-Encoding with a bound: a bomb stops at the limit, a cut stream is an error."""

import zlib
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import brotli
import zstandard

#: Compressed bytes are fed to the decoder in pieces of this size, so that one piece of a bomb
#: (gzip: at most 1032 to 1) cannot exceed the limit by more than a few MiB.
_PIECE = 4096


class DecodeError(ValueError):
    """The body cannot be decoded, or is longer than the limit."""


class _Decoder(Protocol):
    def decompress(self, data: bytes, /) -> bytes: ...


class _Zlib:
    """gzip (RFC 1952) and deflate in both forms that servers send (RFC 1950, RFC 1951)."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._decoder = zlib.decompressobj(window)
        self._started = False

    def decompress(self, data: bytes, /) -> bytes:
        if not self._started and self._window == zlib.MAX_WBITS and data:
            self._started = True
            if data[0] & 0x0F != 8:
                self._decoder = zlib.decompressobj(-zlib.MAX_WBITS)
        return self._decoder.decompress(data)

    @property
    def finished(self) -> bool:
        return self._decoder.eof


class _Brotli:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    def decompress(self, data: bytes, /) -> bytes:
        return bytes(self._decoder.process(data))

    @property
    def finished(self) -> bool:
        return bool(self._decoder.is_finished())


class _Zstandard:
    def __init__(self) -> None:
        self._decoder = zstandard.ZstdDecompressor(max_window_size=8 * 2**20).decompressobj()

    def decompress(self, data: bytes, /) -> bytes:
        return self._decoder.decompress(data)

    @property
    def finished(self) -> bool:
        return bool(self._decoder.eof)


class _Identity:
    finished = True

    def decompress(self, data: bytes, /) -> bytes:
        return data


_DECODERS: dict[str, Callable[[], _Zlib | _Brotli | _Zstandard | _Identity]] = {
    "": _Identity,
    "identity": _Identity,
    "gzip": lambda: _Zlib(31),
    "x-gzip": lambda: _Zlib(31),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _Brotli,
    "zstd": _Zstandard,
}

#: What we ask servers for.
ACCEPT_ENCODING = "gzip, deflate, br, zstd"


async def decoded_body(chunks: AsyncIterator[bytes], *, encoding: str, limit: int) -> bytes:
    """The whole body, at most `limit` bytes.

    Raises:
        DecodeError: unknown or stacked encoding, corrupt or cut data, or a longer body.
    """
    make = _DECODERS.get(encoding.strip().lower())
    if make is None:
        raise DecodeError(f"content encoding {encoding[:40]!r} is not accepted")
    decoder, parts, size, received = make(), [], 0, 0
    async for chunk in chunks:
        received += len(chunk)
        for start in range(0, len(chunk), _PIECE):
            try:
                part = decoder.decompress(chunk[start : start + _PIECE])
            except (zlib.error, brotli.error, zstandard.ZstdError) as error:
                raise DecodeError(f"body is not valid {encoding}: {error}") from error
            size += len(part)
            if size > limit:
                raise DecodeError(f"body is larger than {limit // 2**20} MiB")
            parts.append(part)
    if received and not decoder.finished:
        raise DecodeError(f"body ends in the middle of its {encoding} stream")
    return b"".join(parts)
