"""`python -m delivery.push STACK [--tool NAME]`: puts the image that `images` built into the stack's own repository,
under the tag `pushed`, and prints its digest."""

from __future__ import annotations

from delivery.google_clients import GoogleClients
from delivery.image_name import ImageName


def push(name: ImageName, clients: GoogleClients, tool: str | None = None) -> str:
    """Pushes the local image under the tag `pushed`, showing progress; answers its digest, sha256:…. Refusal."""
    raise NotImplementedError
