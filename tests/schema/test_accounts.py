"""Which mode an account is of is decided once, for the deployment and for the service."""

from __future__ import annotations

import pytest

from ib_trading.schema.accounts import is_account_of


@pytest.mark.parametrize(
    ("account", "paper", "live"), [("DU1", True, False), ("U1", False, True), ("", False, False)]
)
def test_an_account_is_of_one_mode_at_most(account: str, paper: bool, live: bool) -> None:
    assert (is_account_of("paper", account), is_account_of("live", account)) == (paper, live)
