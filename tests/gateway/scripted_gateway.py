"""Stands where IBC's script would, and plays scenes: what the real one and its gateway say and do, step by step.

It takes the real script's arguments, reads config.ini as Java would, and serves the API with the simulator. Each start
takes the next scene of scenes.json; the last one is played again and again.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

STEPS = ("say", "await", "serve", "silent", "exit", "loop", "deaf", "prompt")


def main(arguments: list[str]) -> int:
    stage = Path(__file__).resolve().parents[2]
    with (stage / "starts").open("a") as file:
        file.write(f"{time.time()} {' '.join(arguments)}\n")
    scenes = json.loads((stage / "scenes.json").read_text())
    number = len((stage / "starts").read_text().splitlines())
    scene = scenes[min(number, len(scenes)) - 1]
    options = dict(argument.removeprefix("--").split("=", 1) for argument in arguments if "=" in argument)
    config = properties(Path(options["ibc-ini"]))
    (stage / "config.json").write_text(json.dumps(config))
    (stage / "environment.json").write_text(json.dumps(dict(os.environ)))
    say("IBC Settings:")
    say("End IBC Settings")
    return Actor(stage, config).play(scene)


class ToldToEnd(Exception):
    """SIGTERM."""


class Actor:
    def __init__(self, stage: Path, config: dict[str, str]) -> None:
        self.stage = stage
        self.config = config
        self.program: subprocess.Popen[bytes] | None = None
        signal.signal(signal.SIGTERM, self._told_to_end)

    def play(self, scene: list[dict[str, object]]) -> int:
        try:
            return self._play(scene)
        except ToldToEnd:
            if self.program is not None:
                self.program.terminate()
                self.program.wait()
            (self.stage / "logged_out").touch()
            return self._exit(143)

    def _play(self, scene: list[dict[str, object]]) -> int:
        for step in scene:
            ((name, value),) = step.items()
            assert name in STEPS, name
            code = getattr(self, f"_{name}")(value)
            if code is not None:
                return code
        return self._exit(self.program.wait() if self.program else 0)

    def _say(self, line: str) -> None:
        say(line.format(**self.config))

    def _await(self, name: str) -> None:
        while not (self.stage / name).exists():
            time.sleep(0.02)

    def _serve(self, options: list[str]) -> None:
        """The gateway's program: one that outlives this script unless somebody ends it."""
        port = self.config["OverrideTwsApiPort"]
        self.program = subprocess.Popen(
            [sys.executable, "-m", "simulator", "--port", port, *options],
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": (self.stage / "home").read_text()},
        )
        assert self.program.stdout is not None
        ports = json.loads(self.program.stdout.readline())
        (self.stage / "program.json").write_text(json.dumps(ports | {"pid": self.program.pid}))

    def _silent(self, _value: object) -> None:
        """An open port behind which nobody answers."""
        self.listening = socket.create_server(("127.0.0.1", int(self.config["OverrideTwsApiPort"])))
        while True:
            time.sleep(1)

    def _exit(self, code: int) -> int:
        if self.program is not None:
            self.program.kill()
            self.program.wait()
        say(f"IBC returned exit status {code}")
        say("Gateway finished")
        return code

    def _loop(self, code: int) -> int:
        """What IBC's script does after 88: it starts the program again without any pause."""
        while True:
            with (self.stage / "programs").open("a") as file:
                file.write(f"{time.time()}\n")
            subprocess.run([sys.executable, "-c", ""], check=True)
            say(f"IBC returned exit status {code}")
            say("IBC will restart shortly")

    def _prompt(self, seconds: float) -> None:
        """What IBC does while nobody confirms: it asks again and again."""
        while True:
            say("IBC: Second Factor Authentication initiated")
            time.sleep(seconds)
            say("IBC: detected dialog entitled: Second Factor Authentication; event=Closed")

    def _deaf(self, _value: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def _told_to_end(self, _number: int, _frame: object) -> None:
        raise ToldToEnd


def properties(path: Path) -> dict[str, str]:
    """As Java's Properties reads them, as far as they are written here."""
    found = {}
    for line in path.read_text("ascii").splitlines():
        key, _, value = line.partition("=")
        units = re.sub(
            r"(?:\\u[0-9a-f]{4})+",
            lambda run: bytes.fromhex(run[0].replace("\\u", "")).decode("utf-16-be"),
            value,
        )
        found[key] = units
    return found


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
