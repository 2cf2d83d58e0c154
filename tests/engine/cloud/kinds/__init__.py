"""Every resource type that the stand-in knows, by Pulumi's token; what is missing here is refused."""

from __future__ import annotations

from tests.engine.cloud.kinds import identity, running, storing, watching
from tests.engine.cloud.kinds.kind import Kind

KINDS: dict[str, Kind] = identity.KINDS | storing.KINDS | running.KINDS | watching.KINDS
