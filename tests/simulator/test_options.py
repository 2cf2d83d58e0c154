"""The command line: what it means, and one sentence for each way to get it wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ib_trading_simulator.control.options import WrongOption, read


def test_without_options_it_is_a_paper_account_at_the_usual_port_in_real_time() -> None:
    options = read([])
    assert (options.port, options.accounts, options.speed, options.read_only) == (
        4002,
        ("DU1234567",),
        1.0,
        False,
    )
    assert options.cash == {"USD": Decimal(100_000)}


def test_every_option_is_read() -> None:
    options = read(
        "--port 0 --control-port 7 --data prices --account DU1,DU2 U3 --cash USD=1,CHF=2.5 --base-currency CHF "
        "--start 2019-01-02T14:30:00Z --clock virtual:60 --seed 3 --record r.jsonl --read-only --state s.db "
        "--message-rate 0".split()
    )
    assert (options.port, options.control_port, options.market) == (0, 7, Path("prices"))
    assert options.accounts == ("DU1", "DU2", "U3")
    assert options.cash == {"USD": 1, "CHF": Decimal("2.5")}
    assert (options.base_currency, options.start) == ("CHF", datetime(2019, 1, 2, 14, 30, tzinfo=UTC))
    assert (options.speed, options.seed, options.message_rate) == (60.0, 3, 0)
    assert (options.record, options.state, options.read_only) == (Path("r.jsonl"), Path("s.db"), True)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("--port 70000", "--port"),
        ("--port many", "--port"),
        ("--cash dollars", "--cash"),
        ("--cash USD=NaN", "--cash"),
        ("--cash ABC=5", "ABC"),
        ("--base-currency ABC", "ABC"),
        ("--start noon", "--start"),
        ("--start 2200-01-01", "--start"),
        ("--clock fast", "--clock"),
        ("--clock virtual:0", "--clock"),
        ("--account DU1 DU1", "--account"),
        ("--data a --market b", "--market"),
        ("--nonsense", "--nonsense"),
    ],
)
def test_a_wrong_option_is_one_sentence_that_names_it(arguments: str, named: str) -> None:
    with pytest.raises(WrongOption) as wrong:
        read(arguments.split())
    sentence = str(wrong.value)
    assert named in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
