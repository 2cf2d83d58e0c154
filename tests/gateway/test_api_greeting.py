"""Whether the gateway's API can be worked with: it answers, and the broker's servers are reached."""

from __future__ import annotations

import pytest

from ib_trading.adapters.ib.gateway.api_greeting import Sign, look_at_api
from tests.service import closed_port
from tests.wire.scripted import GREETING, NOW, ScriptedGateway, error

LOST = error(-1, 1100, "Connectivity between IB and Trader Workstation has been lost.")
BROKEN = error(-1, 2110, "Connectivity between TWS and server is broken. It will be restored automatically.")
RESTORED = error(
    -1, 1102, "Connectivity between IB and Trader Workstation has been restored - data maintained."
)
IN_USE = error(
    -1, 326, "Unable to connect as the client id is already in use. Connect with a unique client id."
)


@pytest.mark.parametrize(
    ("said", "sign"),
    [
        (GREETING, Sign(True)),
        (GREETING + LOST, Sign(True, "1100 Connectivity between IB and Trader Workstation has been lost.")),
        (
            GREETING + BROKEN,
            Sign(
                True, "2110 Connectivity between TWS and server is broken. It will be restored automatically."
            ),
        ),
        (GREETING + LOST + RESTORED, Sign(True)),
        (IN_USE, Sign(True)),
    ],
)
def test_ready_means_that_the_broker_is_reached(said: bytes, sign: Sign) -> None:
    """A port that is open proves nothing, and an answer from memory not much more."""
    with ScriptedGateway({71: said, 49: NOW}) as gateway:
        assert look_at_api(gateway.port, 5) == sign


def test_a_gateway_that_does_not_answer_the_question_is_not_there() -> None:
    with ScriptedGateway({71: GREETING}) as gateway:
        assert look_at_api(gateway.port, 0.3) == Sign(False)


def test_nobody_is_not_there() -> None:
    assert look_at_api(closed_port(), 0.3) == Sign(False)
