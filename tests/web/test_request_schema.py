"""What /openapi.json says of a request is what the service takes: no more, no less."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from ib_trading.core.refusals import RequestError
from ib_trading.intents.collect_market_data import EARLIEST, check
from ib_trading.intents.order_request import check_properties
from ib_trading.schema.requests import CollectMarketDataRequest, OrderPropertiesRequest, Request
from ib_trading.schema.strict import StrictError, parse
from ib_trading.web.openapi import as_written
from ib_trading.web.request_schema import with_rules

NOW = datetime(2024, 6, 3, 15, 0, tzinfo=UTC)
LEFT_OUT = object()


@pytest.fixture(scope="module")
def schemas() -> Any:
    types = (OrderPropertiesRequest, CollectMarketDataRequest)
    _, found = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return with_rules({name: as_written(schema) for name, schema in found.items()})


def disagreements(schema: Any, as_type: type[Request], choices: dict[str, tuple[Any, ...]]) -> list[Any]:
    """Of all bodies made of these choices, those that the schema allows and the service refuses, or the reverse."""
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    bodies = [
        {name: value for name, value in zip(choices, values, strict=True) if value is not LEFT_OUT}
        for values in product(*choices.values())
    ]
    taken = [_is_taken(body, as_type) for body in bodies]
    assert any(taken) and not all(taken)
    return [
        body for body, is_taken in zip(bodies, taken, strict=True) if validator.is_valid(body) != is_taken
    ]


def _is_taken(body: dict[str, Any], as_type: type[Request]) -> bool:
    try:
        request = parse(body, as_type)
        if isinstance(request, OrderPropertiesRequest):
            check_properties(request, NOW)
        if isinstance(request, CollectMarketDataRequest):
            check(request)
    except (RequestError, StrictError):
        return False
    return True


def test_order_properties_go_together_in_the_document_as_they_do_at_the_broker(schemas: Any) -> None:
    """Every combination, a refused one as 400 and an allowed one not: the document is made from the rule's own file."""
    choices = {
        "orderType": (LEFT_OUT, "MKT", "LMT", "MOC", "STP"),
        "tif": (LEFT_OUT, "DAY", "GTC", "OPG"),
        "outsideRth": (LEFT_OUT, False, True),
        "limitOffsetBps": (LEFT_OUT, -9999, 10_000),
        "goodAfterTime": (LEFT_OUT, "2024-06-03T19:45:00Z", "19:45"),
        "adaptivePriority": (LEFT_OUT, None, "Urgent"),
    }
    assert disagreements(schemas["OrderPropertiesRequest"], OrderPropertiesRequest, choices) == []


def test_offsets_go_with_their_types_in_the_document_as_they_do_at_the_broker(schemas: Any) -> None:
    """A stop's is needed and above 0, a limit's may be left out, and is not below 0 where it counts from a stop."""
    choices = {
        "orderType": (LEFT_OUT, "MKT", "LMT", "MOC", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "REL"),
        "tif": (LEFT_OUT, "DAY", "GTC", "OPG"),
        "outsideRth": (LEFT_OUT, True),
        "limitOffsetBps": (LEFT_OUT, None, -9999, 0, 5, 10_000),
        "stopOffsetBps": (LEFT_OUT, None, 0, 5),
        "trailingOffsetBps": (LEFT_OUT, None, -5, 5, 10_000),
        "adaptivePriority": (LEFT_OUT, "Urgent"),
    }
    assert disagreements(schemas["OrderPropertiesRequest"], OrderPropertiesRequest, choices) == []


def test_a_series_that_is_not_collected_is_not_in_the_document_either(schemas: Any) -> None:
    """How `since` compares with `until` is the one thing that no schema says: both are on one side here."""
    choices = {
        "instruments": (LEFT_OUT, None, ["KO"]),
        "strategies": (LEFT_OUT, None, ["trend"]),
        "barSize": (LEFT_OUT, None, "1 day", "1 hour", "5 mins", "1 min", "2 days"),
        "whatToShow": (LEFT_OUT, None, "ADJUSTED_LAST", "TRADES", "BID", "YIELD"),
        "since": (LEFT_OUT, None, str(EARLIEST), str(EARLIEST - timedelta(days=1)), "0196-05-29"),
        "until": (LEFT_OUT, None, "2019-06-30", "2019-06-31"),
    }
    assert disagreements(schemas["CollectMarketDataRequest"], CollectMarketDataRequest, choices) == []
