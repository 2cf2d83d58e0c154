"""Every query that the code asks Firestore, as it goes over the wire, compared with app/ib_trading/schema/documents.py.

The emulator answers without indexes; the real Firestore refuses a query whose composite index nobody made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from google.cloud import firestore
from google.cloud.firestore_v1.types import RunQueryRequest, StructuredQuery

from ib_trading.core.journal import RunState
from ib_trading.core.memory import Memory
from ib_trading.core.order_state import OrderState
from ib_trading.core.snapshot import TradingSwitch
from ib_trading.ports.activity_log import Activity, ActivityLog
from ib_trading.ports.journal_store import JournalStore, JournalWriter
from ib_trading.ports.lease import LeaseStore
from ib_trading.ports.position_store import PositionStore, PositionWriter
from ib_trading.ports.run_claims import RunClaims
from ib_trading.ports.trading_switch import TradingSwitchStore
from ib_trading.schema import documents
from ib_trading.schema.documents import COMPOSITE_INDEXES, FIELDS, OPEN_ORDERS, ORDERS, UNINDEXED, Index
from tests.contracts.places import FirestoreProject, Stores
from tests.contracts.samples import NOON, a_booking, a_lease, a_run, after, an_order
from tests.emulators.grpc_faults import FaultyGrpc

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(120)]

RUN = a_run("run-1", state=RunState.PLANNED, plan=b"{}")
ORDER = an_order("ib-pabc", "run-1", OrderState.SENDING)
LINE = Activity(NOON, "allocation", "run-1", dry_run=False, outcome=200, facts={})

CALLS: dict[str, Callable[[Stores], object]] = {
    "claim": lambda stores: stores.journal.claim(a_run("run-1"), NOON),
    "acquire": lambda stores: stores.trading_lease.acquire("run-1", NOON, after(60)),
    "renew": lambda stores: stores.trading_lease.renew(a_lease(stores.trading_lease), after(90)),
    "check": lambda stores: stores.trading_lease.check(a_lease(stores.trading_lease)),
    "save_run": lambda stores: stores.journal.save_run(
        RUN, a_lease(stores.trading_lease), {"trend": Memory("1", NOON)}
    ),
    "save_orders": lambda stores: stores.journal.save_orders([ORDER], a_lease(stores.trading_lease)),
    "save_plan": lambda stores: stores.journal.save_plan(RUN, [ORDER], a_lease(stores.trading_lease)),
    "run": lambda stores: stores.journal.run("run-1"),
    "runs": lambda stores: stores.journal.runs(10),
    "orders": lambda stores: stores.journal.orders("run-1"),
    "order": lambda stores: stores.journal.order("ib-pabc"),
    "unsettled_orders": lambda stores: stores.journal.unsettled_orders(),
    "orders_named": lambda stores: stores.journal.orders_named(["ib-pabc"]),
    "open_runs": lambda stores: stores.journal.open_runs(),
    "memories": lambda stores: stores.journal.memories(),
    "trading_switch": lambda stores: stores.journal.trading_switch(),
    "set_trading_switch": lambda stores: stores.journal.set_trading_switch(TradingSwitch(False, "x"), NOON),
    "withdraw": lambda stores: stores.journal.withdraw("run-unknown"),
    "apply": lambda stores: stores.positions.apply(
        [a_booking("exec-1", {"trend": "3"})], a_lease(stores.trading_lease)
    ),
    "holdings": lambda stores: stores.positions.holdings(),
    "totals": lambda stores: stores.positions.totals(),
    "booked_ids": lambda stores: stores.positions.booked_ids(["exec-1"]),
    "bookings_for": lambda stores: stores.positions.bookings_for(["ib-pabc"]),
    "bookings_of": lambda stores: stores.positions.bookings_of("ib-pabc"),
    "bookings_in": lambda stores: stores.positions.bookings_in([265598]),
    "bookings": lambda stores: stores.positions.bookings(),
    "save_renames": lambda stores: stores.positions.save_renames(
        {"trend": "drift"}, a_lease(stores.trading_lease)
    ),
    "former_names": lambda stores: stores.positions.former_names(),
    "append": lambda stores: stores.activity.append(LINE),
    "latest": lambda stores: stores.activity.latest(10),
    "since": lambda stores: stores.activity.since(NOON),
    "first_at": lambda stores: stores.activity.first_at(),
    "release": lambda stores: stores.trading_lease.release(a_lease(stores.trading_lease)),
}
"""Every method of the ports, once, on a store in which the former ones have left something."""

QUERIES = {
    "bookings: conId IN",
    "bookings: orderRef IN",
    "bookings: recordedAt ASCENDING",
    "bookings: recordedAt DESCENDING",
    "formerNames",
    "holdings",
    "lines: at ASCENDING",
    "lines: at DESCENDING, recordedAt DESCENDING",
    "lines: at GREATER_THAN_OR_EQUAL; at DESCENDING, recordedAt DESCENDING",
    "memories",
    "openOrders",
    "orders: runId IN",
    "runs: claimedAt DESCENDING, recordedAt DESCENDING",
    "runs: state IN",
    "totals",
}

Op = StructuredQuery.FieldFilter.Operator
EQUALITIES = {Op.EQUAL, Op.IN}


def filters(query: StructuredQuery) -> list[StructuredQuery.FieldFilter]:
    if "composite_filter" in query.where:
        return [one.field_filter for one in query.where.composite_filter.filters]
    return [query.where.field_filter] if "field_filter" in query.where else []


def orders(query: StructuredQuery) -> list[tuple[str, str]]:
    """(field, direction); the document's name, which comes last by itself, left out."""
    found = [(one.field.field_path, one.direction.name) for one in query.order_by]
    return [order for order in found if order[0] != "__name__"]


def spelled(query: StructuredQuery) -> str:
    parts = [
        ", ".join(f"{one.field.field_path} {one.op.name}" for one in filters(query)),
        ", ".join(f"{name} {direction}" for name, direction in orders(query)),
    ]
    return ": ".join(filter(None, [query.from_[0].collection_id, "; ".join(filter(None, parts))]))


def serves(index: Index, query: StructuredQuery) -> bool:
    """Equalities first, in any sequence, then what the query is sorted by."""
    equal = {one.field.field_path for one in filters(query) if one.op in EQUALITIES}
    first, rest = index.fields[: len(equal)], index.fields[len(equal) :]
    return (
        index.collection == query.from_[0].collection_id
        and {name for name, _ in first} == equal
        and list(rest) == orders(query)
    )


def fields_asked(query: StructuredQuery) -> set[str]:
    return {one.field.field_path for one in filters(query)} | {name for name, _ in orders(query)}


def methods(*ports: type) -> set[str]:
    return {name for port in ports for name in vars(port) if not name.startswith("_")}


def asked(calls: Iterable[tuple[str, bytes]]) -> list[StructuredQuery]:
    return [
        RunQueryRequest.deserialize(request).structured_query
        for method, request in calls
        if method == "RunQuery"
    ]


@pytest.fixture
def queries(stores: Stores, faulty: FaultyGrpc) -> list[StructuredQuery]:
    """What went over the wire while every method of every port was called."""
    for call in CALLS.values():
        call(stores)
    return asked(faulty.calls)


def test_every_method_of_the_ports_is_called_here() -> None:
    assert set(CALLS) == methods(
        RunClaims,
        TradingSwitchStore,
        LeaseStore,
        JournalStore,
        JournalWriter,
        PositionStore,
        PositionWriter,
        ActivityLog,
    )


def test_these_are_all_queries_that_the_code_asks(queries: list[StructuredQuery]) -> None:
    assert {spelled(query) for query in queries} == QUERIES


def test_every_query_has_its_index(queries: list[StructuredQuery]) -> None:
    """A query on one field is served by Firestore itself, unless that field is exempt."""
    for query in queries:
        collection = query.from_[0].collection_id
        assert not fields_asked(query) & set(UNINDEXED.get(collection, ())), spelled(query)
        if len(fields_asked(query)) > 1:
            assert any(serves(index, query) for index in COMPOSITE_INDEXES), spelled(query)


def test_no_index_is_kept_that_no_query_needs(queries: list[StructuredQuery]) -> None:
    for index in COMPOSITE_INDEXES:
        assert any(serves(index, query) for query in queries), index


def test_a_query_without_its_index_is_found() -> None:
    client = firestore.Client(project="none", database="paper")
    query = client.collection("runs").order_by("intent").order_by("claimedAt", direction="DESCENDING")
    assert not any(serves(index, query._to_protobuf()) for index in COMPOSITE_INDEXES)
    client.close()


def test_the_documents_have_the_fields_of_the_schema(
    stores: Stores, queries: list[StructuredQuery], project: FirestoreProject
) -> None:
    client = firestore.Client(project=project.project, database="paper")
    for collection, fields in {**FIELDS, OPEN_ORDERS: FIELDS[ORDERS]}.items():
        if collection == "configuration":
            continue
        top = collection == "switches"
        path = collection if top else documents.collection_path("paper", collection)
        found = [snapshot.to_dict() or {} for snapshot in client.collection(path).stream()]
        assert found, collection
        for one in found:
            assert sorted(one) == sorted(fields), collection
    client.close()
