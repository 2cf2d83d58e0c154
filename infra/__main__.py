"""What `pulumi up` runs: reads the stack's configuration, and deploys."""

from __future__ import annotations

from infra.program import deploy
from infra.stack_config import this_stack

deploy(this_stack())
