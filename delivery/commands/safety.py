"""`python -m delivery.commands.safety [--api URL] [--list URL]`: is anything known against what ships, builds, tests or
deploys?

Decides the order (what is accepted, what is asked, how old the database is, then the questions) and the verdict. Exit
code 0 says that a database that is fresh and awake was asked about everything, and knows of nothing that is not
accepted; whatever is less than that ends with 1, a sentence and its remedy.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from packaging.version import Version

from delivery.advisories.accepted import FILE, Accepted, read_accepted
from delivery.advisories.database_age import ADDRESS, read_database, refuse_if_old, told
from delivery.advisories.distributions import all_that_count, counted_groups, rounds, without_version
from delivery.advisories.vulnerabilities import API, CANARIES, Finding, findings
from delivery.commands.session import ended
from delivery.console.progress import step
from delivery.console.refusal import Refusal


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./nox -s safety --",
        description="Asks OSV about every distribution that ships, builds or deploys.",
    )
    parser.add_argument("--api", default=API, help="where questions go (%(default)s); a mirror has it")
    parser.add_argument(
        "--list", default=ADDRESS, help="what it knows, by time (%(default)s); so has a mirror"
    )
    given = parser.parse_args(arguments)
    return ended(
        "safety",
        lambda: judge(Path(), given.api, given.list, datetime.now(UTC)),
        "nothing was changed; run it again",
    )


def judge(root: Path, api: str, listed: str, now: datetime) -> int:
    """0 where nothing is found. Refusal where nothing can be known, or something is."""
    accepted = read_accepted(root / FILE, now.date())
    distributions = all_that_count(root)
    asked = rounds(distributions)
    print(
        f"Asks {api} about {len(distributions)} versions: what the project and its groups"
        f" {', '.join(counted_groups(root))} lock for any platform, and what ./nox and the image's build pin."
    )
    if unknown := without_version(root):
        print(f"Nobody can be asked about {', '.join(unknown)}: look at them yourself.")
    with step("the database's age"):
        database = read_database(listed)
    print(f"{len(database.ids):,} entries, the newest {told(database.age(now))} old")
    refuse_if_old(database, now)
    if unlisted := [name for _, name in CANARIES if name not in database.ids]:
        raise Refusal(
            f"{listed} does not list {', '.join(unlisted)}: it is cut short, or another ecosystem's"
        )
    found: list[Finding] = []
    with step(f"{len(distributions)} questions"):
        for each in asked:
            found += findings(each, api)
    return verdict(found, accepted)


def verdict(found: Sequence[Finding], accepted: Sequence[Accepted]) -> int:
    """Refusal with all that is not accepted, a block for each distribution."""
    for each in accepted:
        if any(each.is_about(finding) for finding in found):
            print(f"accepted until {each.expires}: {each} ({each.reason})")
        else:
            print(f"{FILE} accepts {each}, which is not found any more; take it out")
    left = [finding for finding in found if not any(each.is_about(finding) for each in accepted)]
    if left:
        of = sorted({finding.of for finding in left})
        blocks = [_told([finding for finding in left if finding.of == one]) for one in of]
        known = "1 known vulnerability" if len(left) == 1 else f"{len(left)} known vulnerabilities"
        raise Refusal("\n".join((f"{known} in {', '.join(map(str, of))}", *blocks)))
    print("Nothing is known against any of them.")
    return 0


def _told(about: Sequence[Finding]) -> str:
    """What is known against one distribution, and the command that helps against all of it."""
    of = about[0].of
    lines = [f"  {of}: {', '.join(one.ids)}; {_fix(one)}" for one in sorted(about, key=lambda one: one.ids)]
    remedies = [one.remedy for one in about]
    fixed = [remedy for remedy in remedies if remedy is not None]
    if fixed:
        lines.append(f"      uv lock --upgrade-package '{of.name}=={max(fixed, key=Version)}'")
    if len(fixed) < len(remedies):
        lines.append(f"      do without it, or say in {FILE} why it is harmless, and until when")
    return "\n".join(lines)


def _fix(one: Finding) -> str:
    return f"fixed in {one.remedy}" if one.remedy else "no later version is fixed yet"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
