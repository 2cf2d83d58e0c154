"""What `pulumi up` runs: reads the stack's configuration, has its strategies judged, and deploys."""

from __future__ import annotations

from infra.configured_strategies import check_strategies
from infra.program import deploy
from infra.stack_config import this_stack

config = this_stack()
check_strategies(config)
deploy(config)
