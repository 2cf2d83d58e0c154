"""Who may write what the trading lease guards, and who may ask for a lease. Decides nothing about what is written."""

from __future__ import annotations

import ast

from tests.architecture.imports import imports
from tests.architecture.tree import Violation, parse

LEASED_LEDGER = "app/ib_trading/intents/leased_ledger.py"
WRITING_PORTS = {
    "app/ib_trading/ports/journal_store.py": "JournalWriter",
    "app/ib_trading/ports/position_store.py": "PositionWriter",
}
"""Where each stands that only the leased ledger may call."""
LEASE_PORT = "ib_trading.ports.lease"
MAY_LEASE = {
    LEASED_LEDGER,
    "app/ib_trading/adapters/ib/gateway/session_lease.py",
    "app/ib_trading/composition.py",
}
"""Who holds the trading lease, who holds that of the gateway's session, and who hands them out."""


def methods_of(source: str, name: str) -> set[str]:
    """Those that the class of that name declares itself."""
    (declared,) = [
        node for node in parse(source).body if isinstance(node, ast.ClassDef) and node.name == name
    ]
    return {node.name for node in declared.body if isinstance(node, ast.FunctionDef)}


def writes_through_the_leased_ledger(path: str, source: str, writing: set[str]) -> list[Violation]:
    """Outside the leased ledger nobody names a method of `writing`, be it to call it or to hand it on."""
    if path == LEASED_LEDGER:
        return []
    return [
        Violation(
            path,
            node.lineno,
            f"{ast.unparse(node)} writes past the leased ledger",
            "take a LeasedLedger, and use its own methods",
        )
        for node in ast.walk(parse(source))
        if isinstance(node, ast.Attribute) and node.attr in writing
    ]


def only_holders_know_the_lease(path: str, source: str) -> list[Violation]:
    """Renewing, giving back and checking are done by who holds it, in one file each."""
    if path in MAY_LEASE:
        return []
    return [
        Violation(path, line, f"imports {name}", "ask Services for the leased ledger")
        for line, name in imports(path, source)
        if name.startswith(LEASE_PORT)
    ]
