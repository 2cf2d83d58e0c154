"""What a refusal of Secret Manager says: which version, which role, on which secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ib_trading.core.refusals import GatewayNotReady
from ib_trading.schema.credentials import GatewayCredentials
from tests.contracts.places import EmulatedSecret

if TYPE_CHECKING:
    from emulators.secret_manager import EmulatedSecrets

pytestmark = pytest.mark.emulator
SECRET = "projects/demo/secrets/ib-credentials"


@pytest.fixture
def place(secrets: EmulatedSecrets) -> EmulatedSecret:
    """A secret with two versions."""
    place = EmulatedSecret(secrets, "ib-credentials")
    place.write(GatewayCredentials("trader7", "old").spelled())
    place.write(GatewayCredentials("trader7", "new").spelled())
    return place


@pytest.mark.parametrize("state", ["DISABLED", "DESTROYED"])
def test_a_version_that_is_disabled_is_not_replaced_by_an_older_one(
    place: EmulatedSecret, state: str
) -> None:
    """Whoever disables the newest version wants no login, not one with last year's password."""
    from google.cloud.secretmanager_v1 import SecretVersion

    place.secrets.versions[SECRET][-1].state = SecretVersion.State[state]
    with pytest.raises(GatewayNotReady, match=rf"{SECRET} is disabled or destroyed; enable it.*{state}"):
        place.opened().credentials()


def test_a_missing_role_is_named_with_its_secret(place: EmulatedSecret) -> None:
    place.secrets.denied.add(SECRET)
    with pytest.raises(GatewayNotReady, match=rf"roles/secretmanager\.secretAccessor on {SECRET}"):
        place.opened().credentials()


def test_a_payload_that_arrives_damaged_is_not_used(place: EmulatedSecret) -> None:
    place.secrets.damaged = True
    with pytest.raises(GatewayNotReady, match="did not arrive as it was sent"):
        place.opened().credentials()
