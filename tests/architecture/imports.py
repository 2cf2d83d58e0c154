"""Who may import whom. Decides nothing about what is done with the import."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from tests.architecture.tree import APP, CORE, PRODUCT, SCHEMA, SIMULATOR, Violation, module_name, parse

# Which of our own packages each folder may import, the narrower folder first; demo, bench and the workbench put the
# product together and may import all; emulators stand beside it.
MAY_IMPORT = {
    SCHEMA: ("ib_trading.schema",),
    APP: ("ib_trading",),
    "delivery": ("delivery", "ib_trading.schema"),
    "emulators": ("emulators", "ib_trading.schema"),
    "infra": ("infra", "ib_trading.schema"),
    "noxfile.py": (),
    SIMULATOR: ("ib_trading_simulator",),
}
OURS = (*map(module_name, PRODUCT), "tests")
GONE = ("app", "schema", "simulator")
"""What these packages were called before they had one name; PyPI has others of that name."""
ADAPTERS = "ib_trading.adapters"


def imports(path: str, source: str) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything imported anywhere in the module: `from a.b import c` is a.b.c."""
    package = PurePosixPath(path.removeprefix("app/").removeprefix("simulator/")).parent.parts
    for node in ast.walk(parse(source)):
        match node:
            case ast.Import():
                yield from ((node.lineno, alias.name) for alias in node.names)
            case ast.ImportFrom(level=0):
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
            case ast.ImportFrom():
                base = [*package[: len(package) - node.level + 1], *filter(None, [node.module])]
                yield from ((node.lineno, ".".join([*base, alias.name])) for alias in node.names)
            case ast.Call(args=[ast.Constant(value=str(name)), *_]) if _imports_by_name(node.func):
                yield node.lineno, name


def _imports_by_name(called: ast.expr) -> bool:
    """Whether this is `importlib.import_module`, however it was imported, or `__import__`."""
    return ast.unparse(called).rpartition(".")[2] in {"import_module", "__import__"}


def below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _judge(path: str, source: str, allowed: Callable[[str], bool], law: str, remedy: str) -> list[Violation]:
    return [
        Violation(path, line, f"{law}, and this imports {name}", remedy)
        for line, name in imports(path, source)
        if not allowed(name)
    ]


def _standard(name: str) -> bool:
    """_typeshed is where type checkers keep the standard library's own types."""
    return name.split(".", maxsplit=1)[0] in sys.stdlib_module_names | {"_typeshed"}


def core_imports_only_itself(path: str, source: str) -> list[Violation]:
    return _judge(
        path,
        source,
        lambda name: _standard(name) or below(name, "ib_trading.schema") or below(name, "ib_trading.core"),
        f"{CORE} knows only the standard library, schema and itself",
        "take what it offers as an argument, or move this out of core",
    )


def simulator_stands_alone(path: str, source: str) -> list[Violation]:
    return _judge(
        path,
        source,
        lambda name: _standard(name) or below(name, "ib_trading_simulator"),
        "simulator runs on the standard library alone",
        "write the few lines that are needed, or move this to tests/",
    )


def schema_stands_alone(path: str, source: str) -> list[Violation]:
    """The one reader of stack files knows PyYAML too; what the service in the cloud imports may not import that."""
    reader = "app/ib_trading/schema/stack_yaml.py"
    return _judge(
        path,
        source,
        lambda name: (
            _standard(name)
            or (
                below(name, "ib_trading.schema")
                and (path == reader or not below(name, "ib_trading.schema.stack_yaml"))
            )
            or below(name, "msgspec")
            or (below(name, "yaml") and path == reader)
        ),
        "schema knows only the standard library and msgspec, its reader of stack files PyYAML",
        "what app and infra need to agree on needs no more",
    )


def packages_keep_apart(path: str, source: str) -> list[Violation]:
    """App and infra meet in schema only, and nothing that runs knows the simulator, the demo or the tests."""
    mine = next((folder for folder in MAY_IMPORT if path == folder or path.startswith(f"{folder}/")), None)
    if mine is None:
        return []
    allowed = MAY_IMPORT[mine]
    return _judge(
        path,
        source,
        lambda name: (
            any(below(name, one) for one in allowed) or not any(below(name, one) for one in (*OURS, *GONE))
        ),
        f"{mine} may import of ours only: {', '.join(allowed) or 'nothing'}",
        "what two packages share goes to schema",
    )


def libraries_stay_in_their_adapter(path: str, source: str) -> list[Violation]:
    """Within app/, ib_insync and Google's clients are each one folder's business."""
    homes = {
        "ib_insync": f"{APP}/adapters/ib/",
        "eventkit": f"{APP}/adapters/ib/",
        "google": f"{APP}/adapters/google/",
    }
    return _judge(
        path,
        source,
        lambda name: path.startswith(homes.get(name.split(".", maxsplit=1)[0], "")),
        "in app/, a vendor's library is known to its adapter only",
        "use the port, or extend it",
    )


def only_composition_imports_adapters(path: str, source: str) -> list[Violation]:
    """An adapter may import its own package; app/ib_trading/composition.py all of them; nobody else any."""
    if path == f"{APP}/composition.py":
        return []
    own = ".".join(module_name(path).split(".")[:3]) if path.startswith(f"{APP}/adapters/") else None
    return _judge(
        path,
        source,
        lambda name: not below(name, ADAPTERS) or (own is not None and below(name, own)),
        "only app/ib_trading/composition.py imports adapters",
        "ask for the port as an argument, and let the composition choose",
    )


def makes_google_clients(path: str, source: str) -> bool:
    """Whether it takes an identity, or names a client's class. Google's messages and errors anybody may know."""
    identity = any(
        (below(name, "google.auth") or below(name, "google.oauth2")) and ".exceptions" not in name
        for _, name in imports(path, source)
    )
    google = any(below(name, "google") for _, name in imports(path, source))
    names = {node.attr for node in ast.walk(parse(source)) if isinstance(node, ast.Attribute)}
    names |= {name.rpartition(".")[2] for _, name in imports(path, source) if below(name, "google")}
    return identity or (google and any(name.endswith("Client") for name in names))
