"""What a run found, as people read it: the score, and each survivor with its place, its change and why it lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from tests.mutants.mutation import Mutant
from tests.mutants.survivors import Judgement
from tests.mutants.trial import Outcome


@dataclass(frozen=True, slots=True)
class Tried:
    """`line` is the text of the mutant's line, as the file has it."""

    mutant: Mutant
    line: str
    outcome: Outcome

    @property
    def judgement(self) -> Judgement:
        return PurePosixPath(self.mutant.path).name, self.line, self.mutant.change


@dataclass(frozen=True, slots=True)
class Report:
    """`of` is how many mutants there are, `sample` and `seed` how these were drawn."""

    tried: Sequence[Tried]
    reasons: Mapping[Judgement, str]
    of: int
    sample: int
    seed: int

    @property
    def survivors(self) -> list[Tried]:
        return [one for one in self.tried if one.outcome is Outcome.SURVIVED]

    @property
    def open(self) -> list[Tried]:
        """Those that a test should have noticed."""
        return [one for one in self.survivors if one.judgement not in self.reasons]

    @property
    def counted(self) -> int:
        """Without those that make no difference."""
        return len(self.tried) - len(self.survivors) + len(self.open)

    @property
    def score(self) -> float:
        """The part of those that make a difference which tests noticed; 1 where nothing was tried."""
        return 1 - len(self.open) / self.counted if self.counted else 1.0

    def summary(self) -> str:
        killed = self.counted - len(self.open)
        same = len(self.survivors) - len(self.open)
        return (
            f"{self.score:.1%}: {killed} of {self.counted} mutants killed, {len(self.open)} open;"
            f" {same} more make no difference"
        )

    def lines(self) -> list[str]:
        """One for each survivor."""
        return [
            f"{one.mutant.path}:{one.mutant.line}: {one.mutant.change}: {self._why(one)}"
            for one in self.survivors
        ]

    def _why(self, one: Tried) -> str:
        return self.reasons.get(one.judgement, "open")

    def _row(self, one: Tried) -> str:
        place = f"{one.mutant.path}:{one.mutant.line}"
        return f"| `{place}` | {_cell(one.line)} | {_cell(one.mutant.change)} | {self._why(one)} |"

    def page(self, on: date) -> str:
        """docs/mutation.md."""
        rows = [self._row(one) for one in self.survivors]
        drawn = f"`./nox -s mutants -- --sample {self.sample} --seed {self.seed}`"
        return "\n".join(
            [
                HEAD,
                "",
                f"| Day | {on.isoformat()} |",
                "|---|---|",
                f"| Score | **{self.score:.1%}** |",
                f"| Sample | {len(self.tried)} of {self.of} mutants, {drawn} |",
                f"| Killed | {self.counted - len(self.open)} |",
                f"| Survived, open | {len(self.open)} |",
                f"| Survived, make no difference | {len(self.survivors) - len(self.open)} |",
                "",
                "## Survivors",
                "",
                "| Where | Line | Change | Why |",
                "|---|---|---|---|",
                *rows,
                "",
            ]
        )


HEAD = """\
# Mutation testing of core

Written by `./nox -s mutants`: a rule of `app/ib_trading/core` is changed in one place, and the tests of `tests/core`,
`tests/intents` and `tests/strategies` that execute that place are run. If none fails, the mutant survives: nobody would
notice the mistake. The score is the part of the mutants that is noticed, of those that make a difference at all; which
ones make none, and why, stands in `tests/mutants/equivalent.toml`. Which changes are tried, `tests/mutants/mutation.py`
decides ([why so](decisions/0068-mutants-by-hand.md))."""


def _cell(text: str) -> str:
    quoted = text.replace("|", "\\|")
    fence = "``" if "`" in quoted else "`"
    return f"{fence}{quoted}{fence}"
