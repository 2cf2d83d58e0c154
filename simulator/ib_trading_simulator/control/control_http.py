"""Just enough HTTP/1.1 to read one request and answer it with JSON; the connection closes after the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

LONGEST_BODY = 1 << 20


class HttpError(Exception):
    """An answer other than 200, with the sentence that explains it."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`target` is the path with its query."""

    method: str
    target: str
    body: bytes


async def answer_one(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answer: Callable[[HttpRequest], Awaitable[dict[str, Any]]],
) -> None:
    """Reads a request and writes what `answer` gives, or the error it raises."""
    try:
        request = await _read(reader)
        if request is None:
            return
        status, document = 200, await answer(request)
    except HttpError as error:
        status, document = error.status, {"error": str(error)}
    body = json.dumps(document).encode()
    writer.write(
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        + body
    )
    try:
        await writer.drain()
    except ConnectionError:
        # Whoever asked has gone; there is nobody left to tell.
        return


async def _read(reader: asyncio.StreamReader) -> HttpRequest | None:
    """None for a connection that was closed before it asked anything. Raises HttpError."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except asyncio.LimitOverrunError:
        raise HttpError(400, "the request's headers are too long") from None
    first, *lines = head.split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise HttpError(400, f"{first[:60]!r} is no HTTP/1.1 request")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > LONGEST_BODY:
        raise HttpError(
            400, f"the request's length is {length[:20]!r}; at most {LONGEST_BODY} bytes are read"
        )
    try:
        body = await reader.readexactly(int(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return HttpRequest(words[0], words[1], body)
