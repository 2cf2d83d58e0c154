"""What is made when it is first used, and may be asked for by two threads at once. Decides nothing about what it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.imports import imports
from tests.architecture.tree import Violation, module_name, parse

HOME = "app/ib_trading/schema/known_types.py"
"""The one module that lets msgspec take a type apart."""
READY = f"{module_name(HOME)}.ready"

KIND_OF = {
    "msgspec.convert": (1, "type"),
    **{f"msgspec.{protocol}.decode": (None, "type") for protocol in ("json", "msgpack", "toml", "yaml")},
    **{f"msgspec.{protocol}.Decoder": (0, "type") for protocol in ("json", "msgpack")},
}
"""What takes a type apart at its first use → where its arguments name that type; without one it takes none apart.
Encoding takes none apart either: it goes by what an object's class had from the beginning."""
TAKES_APART = {
    "msgspec.inspect.multi_type_info",
    "msgspec.inspect.type_info",
    "msgspec.json.schema",
    "msgspec.json.schema_components",
}
KEEPING = {"functools.cache", "functools.cached_property", "functools.lru_cache"}


def types_are_made_ready(path: str, source: str) -> list[Violation]:
    """Nothing is parsed into a type that msgspec might be taking apart for another thread at this moment."""
    if path == HOME:
        return []
    tree = parse(source)
    names = _names(path, source, tree)
    made = set(_made_ready(tree, names))
    remedy = f"give it ready(…) of {HOME}, or a name that a module keeps of it"
    called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        name = _full_name(node, names)
        if name in TAKES_APART:
            found.append(Violation(path, node.lineno, f"{name} takes types apart", f"ask {HOME}"))
        elif name in KIND_OF:
            call = called.get(id(node))
            if call is None:
                found.append(Violation(path, node.lineno, f"hands {name} on", "call it where it is needed"))
            elif not _is_ready(_kind(call, *KIND_OF[name]), names, made):
                found.append(Violation(path, node.lineno, f"{name} on a type that may not be known", remedy))
    return found


def _names(path: str, source: str, tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: `from msgspec import json as j` is j → msgspec.json."""
    known = {name.rpartition(".")[2]: name for _, name in imports(path, source)}
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    known[alias.asname or top] = alias.name if alias.asname else top
            case ast.ImportFrom(module=str(module)):
                known |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in node.names}
    return known


def _full_name(node: ast.expr, names: dict[str, str]) -> str:
    first, dot, rest = ast.unparse(node).partition(".")
    return names.get(first, "") + dot + rest


def _made_ready(tree: ast.Module, names: dict[str, str]) -> Iterator[str]:
    """The module's names for what `ready` gave."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if _readies(call, names):
                yield name


def _readies(call: ast.Call, names: dict[str, str]) -> bool:
    return _full_name(call.func, names) == READY


def _kind(call: ast.Call, place: int | None, keyword: str) -> ast.expr | None:
    said = {argument.arg: argument.value for argument in call.keywords}
    if keyword in said:
        return said[keyword]
    return call.args[place] if place is not None and len(call.args) > place else None


def _is_ready(kind: ast.expr | None, names: dict[str, str], made: set[str]) -> bool:
    match kind:
        case None:
            return True
        case ast.Call():
            return _readies(kind, names)
        case ast.Name(id=name):
            return name in made
    return False


def first_calls_take_turns(path: str, source: str) -> list[Violation]:
    """What is made when it is first asked for is made under a lock: two threads may ask at once."""
    kept = [
        Violation(path, line, f"{name} lets two first calls work at once", "make it where the object is made")
        for line, name in imports(path, source)
        if name in KEEPING
    ]
    tree = parse(source)
    under_lock = {
        id(inner) for node in ast.walk(tree) if isinstance(node, ast.With) for inner in ast.walk(node)
    }
    return kept + [
        Violation(path, node.lineno, f"makes {name} at its first use without a lock", "take turns by a Lock")
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and id(node) not in under_lock
        for name in _made_if_missing(node)
    ]


def _made_if_missing(node: ast.If) -> Iterator[str]:
    """`self.x` in `if self.x is None: self.x = …`."""
    match node.test:
        case ast.Compare(
            left=ast.Attribute(value=ast.Name(id="self")) as missing,
            ops=[ast.Is()],
            comparators=[ast.Constant(value=None)],
        ):
            name = ast.unparse(missing)
            for inner in node.body:
                if isinstance(inner, ast.Assign) and name in map(ast.unparse, inner.targets):
                    yield name
