"""Refuses a deployment whose strategies are not there or do not take their parameters, before anything is registered.

Whether they do, workbench/configured.py finds out, in a process of its own: no strategy's code is imported here.
"""

from __future__ import annotations

import json
import subprocess
import sys

from infra.stack_config import StackConfig, StackConfigError

JUDGE = "workbench.configured"


def check_strategies(config: StackConfig) -> None:
    """StackConfigError with everything that does not fit."""
    source = f"Pulumi.{config.names.stack}.yaml"
    judged = subprocess.run(
        [sys.executable, "-P", "-m", JUDGE, source],
        input=json.dumps(config.section),
        capture_output=True,
        text=True,
        check=False,
    )
    if judged.returncode:
        raise StackConfigError(judged.stdout.strip() or judged.stderr.strip())
