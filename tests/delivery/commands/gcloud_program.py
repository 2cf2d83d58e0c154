"""A program that plays `gcloud`, run as such from a folder on PATH: keeps what was made, notes what it was asked.

Beside it lie `world.json` (apis, buckets, rings, keys, and `refusals`: words of a command → what to say) and, growing,
`calls`. Knows the commands that make a state's backend, and refuses every other, as the real one refuses what it cannot
parse. Standard library only.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(sys.argv[0]).resolve().parent
SILENT = "CLOUDSDK_CORE_DISABLE_PROMPTS"


def main(words: list[str]) -> int:
    with (HERE / "calls").open("a", encoding="utf-8") as calls:
        calls.write(json.dumps(words) + "\n")
    if os.environ.get(SILENT) != "1":
        return _refuse("a person would be asked here, in the middle of an answer")
    world = json.loads((HERE / "world.json").read_text(encoding="utf-8"))
    for sign, text in world["refusals"].items():
        if sign in " ".join(words):
            return _refuse(text)
    if world["hangs"] and world["hangs"] in " ".join(words):
        # Whoever reads the pipe learns that this was reached; nobody ever answers.
        (HERE / "reached").write_text("", encoding="utf-8")
        sys.stdin = (HERE / "never").open(encoding="utf-8")
        sys.stdin.read()
    answer = _do(world, words, dict(_flags(words)))
    (HERE / "world.json").write_text(json.dumps(world), encoding="utf-8")
    if answer is None:
        return _refuse("ERROR: (gcloud) Invalid choice")
    sys.stdout.write(answer)
    return 0


def _do(world: dict[str, Any], words: list[str], flags: dict[str, str]) -> str | None:
    place = f"projects/{flags.get('project')}/locations/{flags.get('location')}"
    ring = f"{place}/keyRings/{flags.get('keyring')}"
    match [word for word in words if not word.startswith("--")]:
        case ["services", "list"]:
            return "\n".join(world["apis"])
        case ["services", "enable", *apis]:
            world["apis"] += apis
        case ["storage", "buckets", "list"]:
            name = flags["filter"].removeprefix("name=")
            return json.dumps([one for one in world["buckets"] if one["name"] == name])
        case ["storage", "buckets", "create", address]:
            assert "uniform-bucket-level-access" in flags
            assert "public-access-prevention" in flags
            world["buckets"].append({"name": address.removeprefix("gs://"), "location": flags["location"]})
        case ["storage", "buckets", "update", address]:
            [bucket] = [one for one in world["buckets"] if f"gs://{one['name']}" == address]
            bucket["versioning_enabled"] = "versioning" in flags
        case ["kms", "keyrings", "list"]:
            return "\n".join(world["rings"])
        case ["kms", "keyrings", "create", name]:
            world["rings"].append(f"{place}/keyRings/{name}")
        case ["kms", "keys", "list"]:
            return "\n".join(key for key in world["keys"] if key.startswith(f"{ring}/"))
        case ["kms", "keys", "create", name]:
            assert ring in world["rings"]
            assert flags["purpose"] == "encryption"
            world["keys"].append(f"{ring}/cryptoKeys/{name}")
        case _:
            return None
    return ""


def _flags(words: list[str]) -> list[tuple[str, str]]:
    return [
        (flag[2:], value) for flag, _, value in (word.partition("=") for word in words) if flag[:2] == "--"
    ]


def _refuse(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
