"""The folders of a package as its layers: which may import which, and that no two modules import each other in a
circle. Decides nothing about what stands in a folder: its `__init__.py` says that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath

from tests.architecture.imports import below, imports
from tests.architecture.tree import APP, SIMULATOR, Violation, module_name


@dataclass(frozen=True, slots=True)
class LayeredPackage:
    """One package. `place` is its folder in the repository; `may_use` is a folder in it → those that it may import
    beside itself, from the bottom up, so that each names only such as stand before it. '' is the package's own folder.
    """

    place: str
    may_use: Mapping[str, tuple[str, ...]]

    @property
    def package(self) -> str:
        return module_name(self.place)

    def folder_of(self, path: str) -> str:
        """Where a module stands, by its path in the repository."""
        parts = PurePosixPath(path).relative_to(self.place).parts[:-1]
        return parts[0] if parts else ""

    def folder_named(self, name: str) -> str:
        """Where something stands that is imported by this dotted name."""
        first = _below(name, self.package)
        return first if first in self.may_use else ""

    def own_imports(self, path: str, source: str) -> Iterator[tuple[int, str]]:
        """(line, dotted name) of what a module imports of its own package."""
        for line, name in imports(path, source):
            if below(name, self.package):
                yield line, name


SERVICE = LayeredPackage(
    APP,
    {
        "schema": (),
        "core": ("schema",),
        "ports": ("core", "schema"),
        "authoring": ("core", "schema"),
        "strategies": ("authoring", "core"),
        "host": ("authoring", "core", "schema", "strategies"),
        "intents": ("core", "ports", "schema"),
        "queries": ("core", "intents", "ports", "schema"),
        "web": ("core", "intents", "ports", "schema"),
        "adapters": ("core", "host", "ports", "schema"),
        "": ("adapters", "core", "intents", "ports", "queries", "schema", "web"),
    },
)
DELIVERY = LayeredPackage(
    "delivery",
    {
        "console": (),
        "advisories": ("console",),
        "google": ("console",),
        "image": ("console",),
        "registry": ("console", "google"),
        "stack": ("console", "google", "registry"),
        "service": ("console", "google", "registry", "stack"),
        "commands": ("advisories", "console", "google", "image", "registry", "service", "stack"),
        "": (),
    },
)
GATEWAY_STAND_IN = LayeredPackage(
    SIMULATOR,
    {
        "market": (),
        "messages": (),
        "misbehaving": (),
        "brokerage": ("market", "messages", "misbehaving"),
        "gateway": ("brokerage", "market", "messages", "misbehaving"),
        "answers": ("brokerage", "gateway", "market", "messages"),
        "wire": ("answers", "gateway", "messages"),
        "control": ("brokerage", "gateway", "market", "messages", "wire"),
        "": ("brokerage", "control", "market", "misbehaving", "wire"),
    },
)
PACKAGES = (SERVICE, DELIVERY, GATEWAY_STAND_IN)

WITHOUT_GOOGLE = ("advisories", "console", "image")
"""Folders of delivery/ that know none of Google's libraries: their sessions run where none is installed."""


def imports_go_down(layered: LayeredPackage) -> Callable[[str, str], list[Violation]]:
    """The rule that every import of the package's own stays in its folder, or goes to one that its folder may use."""

    def rule(path: str, source: str) -> list[Violation]:
        mine = layered.folder_of(path)
        allowed = layered.may_use.get(mine, ())
        return [
            Violation(
                path,
                line,
                f"{mine or layered.package} may use {', '.join(allowed) or 'no other folder'}, and this imports {name}",
                "take it as an argument, or move what both need further down",
            )
            for line, name in layered.own_imports(path, source)
            if layered.folder_named(name) not in {mine, *allowed}
        ]

    return rule


def delivery_without_google(path: str, source: str) -> list[Violation]:
    folder = DELIVERY.folder_of(path)
    return [
        Violation(
            path, line, f"{folder} knows nothing of Google, and this imports {name}", "ask in a command"
        )
        for line, name in imports(path, source)
        if folder in WITHOUT_GOOGLE and below(name, "google")
    ]


def circle(sources: Mapping[str, str]) -> list[str]:
    """Modules (path → source) that import each other in a circle, the first one again at the end; [] for none. Imports
    within functions, and those for the type checker alone, count: they only move the trouble."""
    names = {module_name(path): path for path in sources}
    graph = {
        name: {found for _, imported in imports(path, sources[path]) if (found := _known(imported, names))}
        - {name}
        for name, path in names.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _below(name: str, package: str) -> str:
    return name.removeprefix(package).removeprefix(".").partition(".")[0]


def _known(imported: str, names: Mapping[str, str]) -> str | None:
    """The module that an imported name is, or is a member of."""
    return next((each for each in (imported, imported.rpartition(".")[0]) if each in names), None)
