"""Asks OSV, through pip-audit, what is known against a set of distributions; believes no silence.

Decides what counts as an answer. pip-audit ends with 0 when its source knows nothing or it skipped a package, and with
1 for a finding as for a crash of its own (github.com/pypa/pip-audit, "Exit codes"; 2.10.1 read): so its exit code is
not looked at. Its JSON must have every distribution that was asked about, none skipped, and each round also asks
about two versions that are known to be vulnerable, first and last: a source that does not know them knows nothing, or
stopped answering half way. OSV says an empty object for "nothing known" and for "never heard of" alike.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import Version

from delivery.advisories.distributions import Distribution, distribution
from delivery.console.refusal import Refusal

API = "https://api.osv.dev/v1/query"

CANARIES = (
    (Distribution("mlflow", "0.4.0"), "PYSEC-2022-28"),
    (Distribution("sqlparse", "0.3.1"), "PYSEC-2021-333"),
)
"""Versions with an advisory against each: OSV's own example (google.github.io/osv.dev/post-v1-querybatch), and one of
pip-audit's (its issue 99). Neither is in uv.lock."""

ANSWER_SECONDS = 30
"""For one answer of the source, of which most take a tenth of one second."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`ids` are the advisory's names, the first its own; `fixed` the versions that have it no more, lowest first."""

    of: Distribution
    ids: tuple[str, ...]
    fixed: tuple[str, ...]

    @property
    def remedy(self) -> str | None:
        """The lowest fixed version above the present one: a fix in an older series is no upgrade."""
        above = [version for version in self.fixed if Version(version) > Version(self.of.version)]
        return min(above, key=Version, default=None)


def findings(asked: Sequence[Distribution], api: str) -> tuple[Finding, ...]:
    """One round: `asked` has no name twice. Refusal where the source did not answer all of it credibly."""
    (first, _), (last, _) = CANARIES
    answered = _read(_run([first, *asked, last], api), {first, *asked, last}, api)
    known = {(finding.of, name) for finding in answered for name in finding.ids}
    if unknown := [f"{canary} ({name})" for canary, name in CANARIES if (canary, name) not in known]:
        raise Refusal(
            f"{api} knows nothing against {', '.join(unknown)}, which every database has: it is empty, or stopped"
            f" answering half way; ask {API} itself, or have the mirror's keeper mend it"
        )
    canaries = {canary for canary, _ in CANARIES}
    return tuple(finding for finding in answered if finding.of not in canaries)


def _run(asked: Sequence[Distribution], api: str) -> str:
    """pip-audit's JSON."""
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text("".join(f"{one.name}=={one.version}\n" for one in asked), encoding="utf-8")
        command = [sys.executable, "-I", "-m", "pip_audit", "--requirement", str(requirements)]
        # What is asked is what is locked: nothing is resolved, downloaded or remembered.
        command += ["--no-deps", "--disable-pip", "--cache-dir", str(Path(folder) / "cache")]
        command += ["--vulnerability-service", "osv", "--osv-url", api, "--timeout", str(ANSWER_SECONDS)]
        command += ["--format", "json", "--aliases", "on", "--desc", "off", "--progress-spinner", "off"]
        done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    if not done.stdout.strip():
        raise Refusal(_reason(done.stderr, api))
    # It warns, and goes on, where it leaves out an advisory that it cannot read.
    if left_out := {
        line for line in done.stderr.splitlines() if line.startswith("WARNING") and "OSV" in line
    }:
        raise Refusal(
            f"pip-audit left out what {api} said: {'; '.join(sorted(left_out))}; uv lock --upgrade-package pip-audit"
        )
    return done.stdout


def _environment() -> dict[str, str]:
    """Whoever set an option of pip-audit's for something else (PIP_AUDIT_FORMAT, …) did not mean this."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PIP_AUDIT_")}


def _reason(words: str, api: str) -> str:
    """What it means that pip-audit printed nothing: mostly a trace, whose last lines are `kind: text`."""
    lines = words.strip().splitlines() or ["it ended and said nothing"]
    for line in reversed(lines):
        kind = line.partition(":")[0].rpartition(".")[2]
        if kind == "HTTPError":
            return f"{api} refused to answer: {line.partition(': ')[2]}; run this again later"
        if kind in {"ConnectionError", "ConnectTimeout", "ReadTimeout", "ChunkedEncodingError", "SSLError"}:
            return f"{api} cannot be reached: {line.partition(': ')[2]}; is there a network?"
        if kind == "JSONDecodeError":
            return f"{api} answered something that is no JSON; does a proxy stand in between?"
    return f"pip-audit gave no answer: {lines[-1]}; run this again, and read its trace if it stays:\n{words}"


def _read(output: str, asked: set[Distribution], api: str) -> tuple[Finding, ...]:
    try:
        answers: list[dict[str, Any]] = json.loads(output)["dependencies"]
        skipped = [f"{each['name']} ({each['skip_reason']})" for each in answers if "skip_reason" in each]
        if skipped:
            raise Refusal(
                f"pip-audit skipped {', '.join(skipped)}: nobody knows about them; depend on released versions"
            )
        found = {distribution(each["name"], each["version"]): each["vulns"] for each in answers}
        if unanswered := sorted(map(str, asked - found.keys())):
            raise Refusal(
                f"{api} was asked about {len(asked)} versions and answered {len(asked) - len(unanswered)}: not"
                f" {', '.join(unanswered)}; run this again"
            )
        return tuple(_finding(of, each) for of, vulns in sorted(found.items()) for each in vulns)
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(
            f"pip-audit's answer has another shape than in version 2.10 ({error!r}); mend"
            " delivery/advisories/vulnerabilities.py"
        ) from None


def _finding(of: Distribution, each: dict[str, Any]) -> Finding:
    ids = dict.fromkeys([each["id"], *sorted(each["aliases"])])
    return Finding(of, tuple(ids), tuple(sorted(each["fix_versions"], key=Version)))
