"""What app/ib_trading/schema/documents.py promises to the service and to the deployment alike."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.schema.documents import (
    ACTIVITY_LINES,
    BOOKINGS,
    COMPOSITE_INDEXES,
    EXPIRY_FIELDS,
    FIELDS,
    HOLDINGS,
    OPEN_ORDERS,
    ORDERS,
    UNINDEXED,
    collection_path,
    configuration_path,
    document_id,
    document_name,
    key_id,
    lease_path,
    switches_path,
)

ALL_FIELDS = {**FIELDS, OPEN_ORDERS: FIELDS[ORDERS]}


def test_the_ledger_is_where_the_operator_looks_for_it() -> None:
    assert collection_path("paper", HOLDINGS) == "positions/paper/holdings"
    assert collection_path("live", OPEN_ORDERS) == "positions/live/openOrders"
    assert lease_path("live") == "journal/live/leases/trading"


def test_no_two_modes_share_a_document() -> None:
    for path in (configuration_path, switches_path, lease_path):
        assert path("paper") != path("live")


@given(name=st.text(min_size=1, max_size=100).filter(lambda name: name.isprintable()))
def test_any_name_makes_a_document_that_firestore_takes_and_comes_back(name: str) -> None:
    """A strategy of somebody else's package, and an execution's id, are named by others."""
    identifier = document_id(name)
    assert "/" not in identifier
    assert identifier not in {".", ".."}
    assert not re.fullmatch("__.*__", identifier)
    assert document_name(identifier) == name


@pytest.mark.parametrize("name", [".", "..", "__all__", "a/b", "%2F"])
def test_names_that_firestore_reserves_come_back(name: str) -> None:
    assert document_id(name) != name
    assert document_name(document_id(name)) == name


@pytest.mark.parametrize("name", ["trend", "0001f4e8.67a1.01.02", "cross:run-1:265598", "ib-pabc"])
def test_names_that_need_no_change_are_left_readable(name: str) -> None:
    assert document_id(name) == name


def test_a_key_of_any_length_has_an_id() -> None:
    assert len(key_id("x" * 10_000)) == len(key_id("")) == 64


def test_indexes_and_exemptions_name_fields_that_there_are() -> None:
    for index in COMPOSITE_INDEXES:
        assert {name for name, _ in index.fields} <= set(ALL_FIELDS[index.collection])
    for collection, fields in UNINDEXED.items():
        assert set(fields) <= set(ALL_FIELDS[collection])


def test_a_field_that_is_exempt_is_in_no_index() -> None:
    for index in COMPOSITE_INDEXES:
        assert not {name for name, _ in index.fields} & set(UNINDEXED.get(index.collection, ()))


def test_nothing_that_the_ledger_rests_on_expires() -> None:
    assert set(EXPIRY_FIELDS) == {ACTIVITY_LINES}
    assert EXPIRY_FIELDS[ACTIVITY_LINES] in FIELDS[ACTIVITY_LINES]
    assert BOOKINGS not in EXPIRY_FIELDS
