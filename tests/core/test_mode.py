"""Paper and live are never mixed up by an account number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.mode import TradingMode, choose_account
from ib_trading.core.refusals import AccountRefused

PAPER, LIVE = TradingMode.PAPER, TradingMode.LIVE


@given(st.text(min_size=1, max_size=9))
def test_no_account_fits_both_modes(account: str) -> None:
    assert PAPER.accepts(account) is not LIVE.accepts(account)


@pytest.mark.parametrize("account", ["DU1234567", "DF7654321", "DI1"])
def test_accounts_with_a_d_are_paper_accounts(account: str) -> None:
    assert PAPER.accepts(account)
    assert not LIVE.accepts(account)


@pytest.mark.parametrize("mode", TradingMode)
def test_no_account_at_all_fits_no_mode(mode: TradingMode) -> None:
    assert not mode.accepts("")


def test_the_only_account_of_the_login_is_traded() -> None:
    assert choose_account(LIVE, ("U1",), None) == "U1"


def test_several_accounts_need_one_to_be_named() -> None:
    with pytest.raises(
        AccountRefused, match=r"manages DU1, DU2; say which one in ib-trading:trading\.account"
    ):
        choose_account(PAPER, ("DU1", "DU2"), None)
    assert choose_account(PAPER, ("DU1", "DU2"), "DU2") == "DU2"


def test_an_account_that_the_login_does_not_manage_is_refused() -> None:
    with pytest.raises(AccountRefused, match="is DU3, but the gateway is logged in to DU1, DU2"):
        choose_account(PAPER, ("DU1", "DU2"), "DU3")


@pytest.mark.parametrize(
    ("mode", "managed", "configured"),
    [
        (PAPER, ("DU1", "U1"), "DU1"),
        (LIVE, ("U1", "DU1"), "U1"),
        (PAPER, ("U1",), None),
        (LIVE, ("DU1",), None),
    ],
)
def test_one_account_of_the_other_mode_refuses_the_login_even_if_another_is_named(
    mode: TradingMode, managed: tuple[str, ...], configured: str | None
) -> None:
    with pytest.raises(AccountRefused, match=f"but this service trades {mode.value}"):
        choose_account(mode, managed, configured)


def test_a_login_without_accounts_is_refused() -> None:
    with pytest.raises(AccountRefused):
        choose_account(LIVE, (), None)


def test_the_modes_have_different_fixed_client_ids_that_are_not_zero() -> None:
    """Client 0 would also be sent orders that people enter by hand."""
    assert PAPER.client_id != LIVE.client_id
    assert 0 not in {PAPER.client_id, LIVE.client_id}


def test_an_instance_speaks_under_its_mode_s_own_number_for_good() -> None:
    """The broker gives orders back to the number that sent them; another one could not cancel them."""
    assert {mode: mode.client_id for mode in TradingMode} == {PAPER: 101, LIVE: 102}


@pytest.mark.parametrize(("mode", "account", "other"), [(PAPER, "U1", "live"), (LIVE, "DU1", "paper")])
def test_a_stranger_among_the_accounts_is_named_with_its_mode(
    mode: TradingMode, account: str, other: str
) -> None:
    with pytest.raises(AccountRefused, match=f"{account}, a {other} account"):
        choose_account(mode, (account,), None)
