"""`./nox -s mutants`: draws mutants of core, runs the tests that can notice each, prints the score and writes
docs/mutation.md."""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from tests.mutants.coverage_map import CoverageMap, measured
from tests.mutants.mutation import Mutant, mutants
from tests.mutants.report import Report, Tried
from tests.mutants.rules import ROOT, core, sources
from tests.mutants.survivors import equivalent
from tests.mutants.trial import Outcome, Trial, begin

TESTS = ("tests/core", "tests/intents", "tests/strategies")
PAGE = ROOT / "docs" / "mutation.md"
TIMEOUT = 10
"""How many times longer than without a mutant the tests may take; beside it, FIRST_SECONDS for a process to begin."""
FIRST_SECONDS = 30.0
PAUSE_SECONDS = 0.02


def tried(
    drawn: Sequence[Mutant], texts: Mapping[str, str], tests: CoverageMap, workers: int
) -> Iterator[tuple[Mutant, Outcome]]:
    """Each with how it went, as they end; `workers` at a time."""
    waiting, under_way = list(reversed(drawn)), list[tuple[Mutant, Trial]]()
    while waiting or under_way:
        while waiting and len(under_way) < workers:
            mutant = waiting.pop()
            noticing = tests.tests_of(mutant.path, mutant.line)
            if not noticing:
                yield mutant, Outcome.SURVIVED
                continue
            seconds = FIRST_SECONDS + TIMEOUT * sum(tests.seconds[test] for test in noticing)
            under_way.append((mutant, begin(ROOT, mutant, texts[mutant.path], noticing, seconds)))
        for mutant, trial in list(under_way):
            outcome = trial.ended()
            if outcome is not None:
                under_way.remove((mutant, trial))
                yield mutant, outcome
        time.sleep(PAUSE_SECONDS)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./nox -s mutants --", description=__doc__)
    parser.add_argument(
        "--sample", type=int, default=300, metavar="N", help="how many are drawn; 0 for all (300)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="which ones are drawn (1)")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="files with TEXT in their path; writes no page"
    )
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="how many at once"
    )
    asked = parser.parse_args()
    texts = sources(asked.only)
    every = [mutant for path, text in texts.items() for mutant in mutants(path, text)]
    drawn = random.Random(asked.seed).sample(every, min(asked.sample or len(every), len(every)))
    print(
        f"{len(drawn)} of {len(every)} mutants; first the tests without any, to see which execute what",
        flush=True,
    )
    tests = measured(ROOT, core(), TESTS)
    found = []
    for number, (mutant, outcome) in enumerate(tried(drawn, texts, tests, asked.workers), 1):
        found.append(Tried(mutant, mutant.line_of(texts[mutant.path]), outcome))
        print(f"{number:5} {mutant.path}:{mutant.line}: {mutant.change}: {outcome.value}", flush=True)
    found.sort(key=lambda one: one.mutant)
    report = Report(found, equivalent(), len(every), len(drawn), asked.seed)
    print("", *report.lines(), report.summary(), sep="\n")
    if not asked.only:
        PAGE.write_text(report.page(datetime.now(UTC).date()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
