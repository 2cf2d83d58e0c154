"""Refuses a deployment whose strategies are not there or do not take their parameters, before anything is built.

Whether they do, workbench/configured.py finds out, in a process of its own: no strategy's code is imported where the
operator's credentials are.
"""

from __future__ import annotations

import subprocess
import sys

from delivery.console.progress import step
from delivery.console.refusal import Refusal
from delivery.stack.pulumi_stack import PulumiStack

JUDGE = "workbench.configured"


class StrategiesUnfit(Refusal):
    """The text has everything that does not fit, with file and path, or the lines of a module."""


def check_strategies(pulumi: PulumiStack) -> None:
    """StrategiesUnfit, and PulumiError where the configuration cannot be read."""
    source = f"Pulumi.{pulumi.place.stack}.yaml"
    with step(f"ask the strategies whether they fit {source}"):
        # From Pulumi, which alone can read what is encrypted.
        judged = subprocess.run(
            [sys.executable, "-P", "-m", JUDGE, source],
            input=pulumi.trading(),
            capture_output=True,
            text=True,
            check=False,
        )
        if judged.returncode:
            said = judged.stdout.strip() or judged.stderr.strip()
            raise StrategiesUnfit(f"nothing was built or deployed:\n{said}")
