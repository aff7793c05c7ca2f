"""Undoing Content-Encoding with a bound: a bomb stops at the limit, a cut stream is an error."""

import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Protocol

import brotli
import zstandard

#: Compressed bytes are fed to the decoder in pieces of this size, so that one piece of a bomb
#: (gzip: at most 1032 to 1) cannot exceed the limit by more than a few MiB.
_PIECE = 4096
#: Zstandard makes up to 128 KiB of 4 bytes, so 64 bytes cannot make more than 2 MiB.
_ZSTD_PIECE = 64
#: zlib's window size for a gzip wrapper.
_GZIP = 31
#: Brotli makes 16 MiB of a few bytes, so its output is taken in parts of about this size.
_BROTLI_PART = 2**20


class DecodeError(ValueError):
    """The body cannot be decoded, or is longer than the limit."""


class _Decoder(Protocol):
    @property
    def finished(self) -> bool: ...

    def decompress(self, data: bytes, /) -> Iterator[bytes]: ...


class _Zlib:
    """gzip (RFC 1952, one member or several) and deflate in both forms that servers send (RFC 1950, RFC 1951)."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._decoder = zlib.decompressobj(window)
        self._started = False

    def decompress(self, data: bytes, /) -> Iterator[bytes]:
        if not self._started and self._window == zlib.MAX_WBITS and data:
            self._started = True
            if data[0] & 0x0F != 8:
                self._decoder = zlib.decompressobj(-zlib.MAX_WBITS)
        while data:
            if self._decoder.eof:
                if self._window != _GZIP or not data.startswith(b"\x1f"):
                    return  # bytes after the end: ignored, as browsers do
                self._decoder = zlib.decompressobj(_GZIP)
            yield self._decoder.decompress(data)
            data = self._decoder.unused_data

    @property
    def finished(self) -> bool:
        return self._decoder.eof


class _Brotli:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    def decompress(self, data: bytes, /) -> Iterator[bytes]:
        yield self._decoder.process(data, output_buffer_limit=_BROTLI_PART)
        while not self._decoder.can_accept_more_data():
            yield self._decoder.process(b"", output_buffer_limit=_BROTLI_PART)

    @property
    def finished(self) -> bool:
        return bool(self._decoder.is_finished())


class _Zstandard:
    """One frame or several (RFC 8878)."""

    def __init__(self) -> None:
        self._frames = zstandard.ZstdDecompressor(max_window_size=8 * 2**20)
        self._decoder = self._frames.decompressobj()

    def decompress(self, data: bytes, /) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_PIECE):
            rest = data[start : start + _ZSTD_PIECE]
            while rest:
                if self._decoder.eof:
                    if not rest.startswith(b"\x28"):
                        return
                    self._decoder = self._frames.decompressobj()
                yield self._decoder.decompress(rest)
                rest = self._decoder.unused_data

    @property
    def finished(self) -> bool:
        return bool(self._decoder.eof)


class _Identity:
    finished = True

    def decompress(self, data: bytes, /) -> Iterator[bytes]:
        yield data


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "": _Identity,
    "identity": _Identity,
    "gzip": lambda: _Zlib(_GZIP),
    "x-gzip": lambda: _Zlib(_GZIP),
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
    decoder: _Decoder = make()
    parts: list[bytes] = []
    size = received = 0
    async for chunk in chunks:
        received += len(chunk)
        if received > limit:
            raise DecodeError(f"body is larger than {limit // 2**20} MiB")
        for start in range(0, len(chunk), _PIECE):
            try:
                for part in decoder.decompress(chunk[start : start + _PIECE]):
                    parts.append(part)
                    size += len(part)
                    if size > limit:
                        raise DecodeError(f"body is larger than {limit // 2**20} MiB")
            except (zlib.error, brotli.error, zstandard.ZstdError) as error:
                raise DecodeError(f"body is not valid {encoding}: {error}") from error
    if received and not decoder.finished:
        raise DecodeError(f"body ends in the middle of its {encoding} stream")
    return b"".join(parts)
