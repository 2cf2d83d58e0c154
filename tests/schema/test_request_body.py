"""The body of a request is read once, by the service and by whoever checks a call before it is sent."""

from __future__ import annotations

import pytest

from ib_trading.schema.request_body import BodyError, parse_body
from ib_trading.schema.requests import AllocationRequest
from ib_trading.schema.strict import FieldError


def refused(body: bytes) -> BodyError:
    with pytest.raises(BodyError) as refusal:
        parse_body(body, AllocationRequest)
    return refusal.value


@pytest.mark.parametrize(
    "figure", [b"1e99999999999999999999", b"-1e99999999999999999999", b"1E-99999999999999999999"]
)
@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"orderProperties": {"limitOffsetBps": %b}}', "orderProperties.limitOffsetBps"),
        (b'{"strategies": ["trend", %b]}', "strategies[1]"),
        (b'{"unheard": {"of": %b}}', "unheard.of"),
        (b"%b", ""),
    ],
)
def test_a_figure_that_no_arithmetic_has_is_refused_by_its_path(
    figure: bytes, body: bytes, path: str
) -> None:
    """Python's Decimal ends with an ArithmeticError there, which was a bug's 500 and a trace at the desk."""
    error = refused(body % figure)
    assert [one.path for one in error.errors] == [path]
    assert "exponent is beyond" in str(error)


def test_a_key_that_is_said_twice_is_named_and_is_json_all_the_same() -> None:
    """Whoever reads `errors` finds the key; "not JSON" would send them looking for a comma."""
    error = refused(b'{"dryRun": true, "dryRun": false}')
    assert error.errors == (FieldError("dryRun", "'dryRun' is there twice; say it once"),)
    assert "not JSON" not in str(error)
