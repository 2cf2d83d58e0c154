"""A program: runs the commands that a Markdown file promises, in a copy that holds what a fresh clone would.

Blocks fenced as ```sh are run, in order, each by `sh -eu` in the copy; every other fence (```console, ```text,
```python) is for reading: commands that never end, or need an account, go there. One command is run shorter than
it is written, see SHORTENED.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(?P<kind>[^\n`]*)\n(?P<text>.*?)^```\s*$", re.MULTILINE | re.DOTALL)
EXECUTED = "sh"
SECONDS = 300.0
# The tests include no README, but the pipeline runs this very command itself, minutes long, just before. Here it
# shows that the command works in a fresh clone: environments are made on each Python, and every test is found.
SHORTENED = {"./nox -s tests": "./nox -s tests -- tests/core/test_mode.py"}
# What nox and its sessions set for the programs they start.
SESSIONS_OWN = {"NOX_CURRENT_SESSION", "NOX_REPORT", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "VIRTUAL_ENV"}
# Set for the commands that run here: a README that runs itself would never end.
RUNNING = "README_BLOCKS_RUNNING"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block to run: where its first command stands, and its commands as they are run."""

    line: int
    script: str


def blocks(markdown: str) -> tuple[Block, ...]:
    """Every ```sh block of the text, shortened where SHORTENED says so."""
    return tuple(
        Block(markdown.count("\n", 0, fence.start("text")) + 1, _shortened(fence["text"]))
        for fence in FENCE.finditer(markdown)
        if fence["kind"].strip() == EXECUTED
    )


def _shortened(script: str) -> str:
    """The comment after a command goes with it, so that a commented command is the same command."""
    lines = [line.split("  #", maxsplit=1)[0].rstrip() for line in script.splitlines()]
    return "\n".join(SHORTENED.get(line, line) for line in lines) + "\n"


def copy_of(tree: Path, into: Path) -> None:
    """What `git clone` would bring once everything here is committed: no ignored file, and a repository of its own."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=tree, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (tree / name).is_file():
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((tree / name).read_bytes())
            target.chmod((tree / name).stat().st_mode)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=into, check=True)


def outer_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without the session's own virtual environment: what a person's shell would have."""
    outer = {name: value for name, value in environment.items() if name not in SESSIONS_OWN}
    own = environment.get("VIRTUAL_ENV")
    folders = environment.get("PATH", "").split(os.pathsep)
    outer["PATH"] = os.pathsep.join(
        folder for folder in folders if own is None or not Path(folder).is_relative_to(own)
    )
    outer[RUNNING] = "1"
    return outer


def main(path: Path) -> int:
    """Run the file's blocks; 0 if all succeed, and the first failure ends it."""
    if RUNNING in os.environ:
        print(f"{path}: a block of it runs the README again; fence that one as ```console")
        return 2
    found = blocks(path.read_text(encoding="utf-8"))
    if not found:
        print(f"{path}: no ```{EXECUTED} block; the commands that it promises are not checked")
        return 1
    with tempfile.TemporaryDirectory(prefix="readme-") as folder:
        copy_of(path.resolve().parent, Path(folder))
        return next((code for block in found if (code := _run(block, path, Path(folder)))), 0)


def _run(block: Block, path: Path, folder: Path) -> int:
    print(f"{path}:{block.line}: {'; '.join(block.script.strip().splitlines())}", flush=True)
    started = time.monotonic()
    environment = outer_environment(os.environ)
    try:
        code = subprocess.run(
            ["sh", "-euc", block.script], cwd=folder, env=environment, timeout=SECONDS, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        print(f"{path}:{block.line}: not done after {SECONDS:.0f} s")
        return 1
    print(
        f"{path}:{block.line}: {'failed' if code else 'ok'} after {time.monotonic() - started:.1f} s",
        flush=True,
    )
    return code


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
