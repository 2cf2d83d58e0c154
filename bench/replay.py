"""`python -m bench.replay FILE`: a server that says what was recorded and computes nothing, to measure others by.

FILE is JSON: for each frame that arrives, in order, the frames of the answer in hexadecimal, each written by itself.
Its first line on stdout is its port. One client; ends when that client leaves.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from ib_trading_simulator.messages.framing import FrameReader, PrefixReader

Answers = list[list[bytes]]


def write_answers(path: Path, answers: Answers) -> None:
    path.write_text(json.dumps([[frame.hex() for frame in answer] for answer in answers]), encoding="ascii")


def read_answers(path: Path) -> Answers:
    return [
        [bytes.fromhex(frame) for frame in answer] for answer in json.loads(path.read_text(encoding="ascii"))
    ]


async def serve(answers: Answers) -> None:
    ended = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        prefix, frames, remaining = PrefixReader(), FrameReader(), iter(answers)
        data = None
        while data is None:
            data = prefix.feed(await reader.read(4096))
        while True:
            for _ in frames.feed(data):
                for frame in next(remaining, ()):
                    writer.write(frame)
                    await writer.drain()
            data = await reader.read(4096)
            if not data:
                break
        writer.close()
        ended.set()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(read_answers(Path(sys.argv[1]))))
