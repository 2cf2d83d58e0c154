"""How long each step of the gateway's life may take, and how soon it may be started again. Seconds throughout."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ib_trading.adapters.ib.gateway.states import Failure


@dataclass(frozen=True, slots=True)
class GatewayTimeouts:
    login: float = 180.0
    """From the start, or from the second factor, to an API that answers. A cold gateway takes 30 to 90."""
    second_factor: float = 600.0
    """IBC asks anew every 180; three prompts on the phone are enough."""
    silent: float = 60.0
    """For an API that does not answer after the login, or any more."""
    offline: float = 1800.0
    """For a gateway that does not reach the broker's servers: it comes back by itself, from the nightly reset within
    minutes, and a login of ours would be one more."""
    look: float = 0.5
    """Between two looks at API and lease while the gateway starts; IBC's log and its end are noticed at once."""
    look_when_ready: float = 30.0
    answer: float = 1.0
    """For the API's first answer to a greeting, over loopback."""
    stop: float = 3.0
    """From the polite signal to the one that nobody ignores. Cloud Run gives the whole service 10."""
    leave: float = 3.0
    """What requests under way get when the service ends."""
    lease: float = 60.0
    """How long an instance that died keeps others from starting the gateway; renewed when a third is over."""
    pause: float = 2.0
    """Before the second start; doubled with every further one, up to `longest_pause`."""
    longest_pause: float = 300.0
    login_pause: float = 30.0
    """The same after a login that the broker's server did not let through, each of which it counts: eight in an
    hour."""
    longest_login_pause: float = 900.0
    starts_a_minute: int = 3
    by_itself: float = 3600.0
    """Until a gateway that is always on tries again what somebody should have looked after."""
    locked: float = 900.0
    taken_over: float = 600.0
    second_factor_again: float = 60.0

    def after(self, failure: Failure) -> float:
        """How long after it no request may start the gateway again."""
        pauses = {
            Failure.LOCKED: self.locked,
            # A setting: nothing changes while this process runs, and each start is a login.
            Failure.NO_DEVICE: math.inf,
            Failure.TAKEN_OVER: self.taken_over,
            Failure.SECOND_FACTOR: self.second_factor_again,
        }
        return pauses.get(failure, 0.0)
