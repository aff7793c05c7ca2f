"""uvicorn on 127.0.0.1, in the foreground or beside the scheduler."""

import asyncio
import socket

import uvicorn
from starlette.applications import Starlette

from aggregator.errors import AggregatorError

HOST = "127.0.0.1"


def bind(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free one.

    Raises:
        AggregatorError: the port is in use.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise AggregatorError(f"port {port} is in use; choose another with --port, or 0 for a free one") from error
    return listener


def address(listener: socket.socket) -> str:
    """The page's address."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


def serve(app: Starlette, listener: socket.socket) -> None:
    """Serve until Ctrl-C."""
    asyncio.run(serve_beside(app, listener))


async def serve_beside(app: Starlette, listener: socket.socket) -> None:
    """Serve within a running event loop."""
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    await uvicorn.Server(config).serve(sockets=[listener])
