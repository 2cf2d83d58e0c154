"""A program: imports modules of the tree it is started in, and prints what that did to the world, as JSON.

Runs in a process of its own, since a module imports once and audit hooks stay. Decides what counts as doing
something: a socket, a thread, another program, a file written, a database opened. Reading files is what imports do.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

EFFECTS = {
    "_thread.start_new_thread",
    "_thread.start_joinable_thread",
    "os.exec",
    "os.fork",
    "os.mkdir",
    "os.posix_spawn",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.system",
    "os.truncate",
    "sqlite3.connect",
    "subprocess.Popen",
    "tempfile.mkdtemp",
    "tempfile.mkstemp",
    "urllib.Request",
}
UNWATCHED = ("dill",)
"""Libraries that do something when they are imported: pulumi's pickler tries out every kind of file."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


class Witness:
    """Notes each effect with the module whose import caused it and the line of ours that was running."""

    def __init__(self) -> None:
        self.importing: str | None = None
        self.seen: list[dict[str, str]] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.importing is None:
            return
        opened_to_write = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if event.startswith("socket.") and _asks_for_ipv6():
            return
        if event in EFFECTS or event.startswith("socket.") or opened_to_write:
            self.note(f"{event} {arguments[0]!s:.80}")

    def note(self, effect: str) -> None:
        running = [frame for frame in reversed(traceback.extract_stack()) if _is_ours(frame.filename)]
        at = (
            f"{Path(running[0].filename).relative_to(Path.cwd())}:{running[0].lineno}"
            if running
            else str(self.importing)
        )
        self.seen.append({"module": str(self.importing), "effect": effect, "at": at})


def _asks_for_ipv6() -> bool:
    """urllib3, below Google's clients, binds a socket of this machine for an instant to learn what it can do."""
    frames = traceback.extract_stack()
    return any(frame.name == "_has_ipv6" and "urllib3" in Path(frame.filename).parts for frame in frames)


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    return path.is_relative_to(Path.cwd()) and "site-packages" not in path.parts and path != Path(__file__)


def main(names: list[str]) -> None:
    witness = Witness()
    absent: dict[str, str] = {}
    for library in UNWATCHED:
        with suppress(ModuleNotFoundError):
            importlib.import_module(library)
    sys.addaudithook(witness)
    for name in names:
        witness.importing = name
        threads = threading.active_count()
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            absent[name] = error.name or str(error)
        # Python 3.11 has no audit event for threads.
        if threading.active_count() > threads:
            witness.note("a thread that is still running")
        witness.importing = None
    print(json.dumps({"effects": witness.seen, "absent": absent}))


if __name__ == "__main__":
    sys.path[:0] = [str(Path.cwd()), str(Path.cwd() / "app"), str(Path.cwd() / "simulator")]
    main(sys.argv[1:])
