"""What /ready says of strategies: which could not be imported, where, and which are configured and not there.

None of that is down: what is there trades on. Only where nothing at all can be imported, nobody can.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ib_trading.core.strategy import HOST, Failure, Offers
from ib_trading.schema.strict import nearest

_LINE = re.compile(r'^ *File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)


def strategies_ready(offers: Offers | None, configured: Mapping[str, str]) -> tuple[str, str]:
    """State and detail; `offers` is None as long as they are being imported, `configured` is name in the ledger → name
    of its class."""
    if offers is None:
        return "starting", "they are being imported"
    if HOST in offers.failures:
        return "down", _told(offers.failures[HOST])
    troubles = [*map(_told, offers.failures.values()), *_not_offered(configured, offers)]
    return ("degraded", "; ".join(troubles)) if troubles else ("ok", f"{len(offers.offers)} can be run")


def _told(failure: Failure) -> str:
    """With the last line that its traceback names, where it has one."""
    places = _LINE.findall(failure.traceback)
    return failure.sentence + (" ({}, line {})".format(*places[-1]) if places else "")


def _not_offered(configured: Mapping[str, str], offers: Offers) -> Iterator[str]:
    for name, strategy in configured.items():
        if strategy not in offers.names:
            whose = "" if strategy == name else f"{name}'s class "
            yield f"{whose}{strategy} is configured and not there; {nearest(strategy, offers.names)}"
