"""The folders of the simulator as floors of a house: which may import which, and that no two modules import each
other in a circle. Decides nothing about what stands in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from tests.architecture.imports import imports
from tests.architecture.tree import SIMULATOR, Violation, module_name

PACKAGE = module_name(SIMULATOR)

# Each folder of the package, from the ground up, with the folders that it may import: only such as stand before it.
# ('' is the package's own folder: the command, and launch.py for those who start it.)
MAY_USE: Mapping[str, tuple[str, ...]] = {
    "market": (),
    "messages": (),
    "misbehaving": (),
    "brokerage": ("market", "messages", "misbehaving"),
    "gateway": ("brokerage", "market", "messages", "misbehaving"),
    "answers": ("brokerage", "gateway", "market", "messages"),
    "wire": ("answers", "gateway", "messages"),
    "control": ("brokerage", "gateway", "market", "messages", "wire"),
    "": ("brokerage", "control", "market", "misbehaving", "wire"),
}


def folder_of(path: str) -> str:
    """Where a module stands, by its path in the repository; '' for one of the package's own folder."""
    parts = PurePosixPath(path).parts[2:-1]
    return parts[0] if parts else ""


def imports_go_down(path: str, source: str) -> list[Violation]:
    """Every import of the simulator's stays in its folder, or goes to one that its folder may use."""
    mine = folder_of(path)
    allowed = MAY_USE.get(mine, ())
    return [
        Violation(
            path,
            line,
            f"{mine or 'the command'} may use {', '.join(allowed) or 'no other folder'}, and this imports {name}",
            "take it as an argument, or move what both need further down",
        )
        for line, name in own_imports(path, source)
        if folder_named(name) not in {mine, *allowed}
    ]


def circle(sources: Mapping[str, str]) -> tuple[str, ...]:
    """Modules of `sources` (path → text) that import each other in a circle, in that order; () if there is none.
    Imports inside functions, and those for the type checker alone, count too."""
    modules = {_module(path): path for path in sources}
    uses = {
        module: {found for _, name in own_imports(path, sources[path]) if (found := _within(name, modules))}
        for module, path in modules.items()
    }
    judged: set[str] = set()

    def walk(module: str, way: tuple[str, ...]) -> tuple[str, ...]:
        if module in way:
            return way[way.index(module) :]
        if module in judged:
            return ()
        found = next(filter(None, (walk(used, (*way, module)) for used in sorted(uses[module]))), ())
        judged.add(module)
        return found

    return next(filter(None, (walk(module, ()) for module in sorted(uses))), ())


def own_imports(path: str, source: str) -> Iterator[tuple[int, str]]:
    """(line, dotted name below the package) of what it imports of the simulator."""
    for line, name in imports(path, source):
        if name.startswith(f"{PACKAGE}."):
            yield line, name.removeprefix(f"{PACKAGE}.")


def folder_named(name: str) -> str:
    """The folder that a dotted name below the package begins with."""
    first = name.partition(".")[0]
    return first if first in MAY_USE else ""


def _module(path: str) -> str:
    return module_name(path).removeprefix(f"{PACKAGE}.")


def _within(name: str, modules: Mapping[str, str]) -> str | None:
    """The module that an imported name is, or is of."""
    return next((each for each in (name, name.rpartition(".")[0]) if each in modules), None)
