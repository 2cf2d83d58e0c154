"""What a module says of itself: a docstring, and the types of its public functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.tree import Violation, parse

Function = ast.FunctionDef | ast.AsyncFunctionDef


def module_has_a_docstring(path: str, source: str) -> list[Violation]:
    if ast.get_docstring(parse(source)):
        return []
    return [
        Violation(path, 1, "no module docstring", "say what the module decides and what it leaves to others")
    ]


def public_functions_are_annotated(path: str, source: str) -> list[Violation]:
    """Every argument but self and cls, and the return, of every function and method without a leading underscore
    (special methods count as public) that is not inside another function or a private class."""
    return [
        Violation(path, function.lineno, f"{name} has no type for {', '.join(missing)}", "annotate it")
        for name, function, in_class in _public(parse(source).body, "", in_class=False)
        if (missing := _unannotated(function, in_class=in_class))
    ]


def _public(body: list[ast.stmt], prefix: str, *, in_class: bool) -> Iterator[tuple[str, Function, bool]]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if _is_public(node.name):
                yield prefix + node.name, node, in_class
            case ast.ClassDef() if _is_public(node.name):
                yield from _public(node.body, f"{prefix}{node.name}.", in_class=True)
            case ast.If():
                yield from _public([*node.body, *node.orelse], prefix, in_class=in_class)


def _is_public(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def _unannotated(function: Function, *, in_class: bool) -> list[str]:
    arguments = [*function.args.posonlyargs, *function.args.args]
    static = any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in function.decorator_list)
    if in_class and not static:
        arguments = arguments[1:]
    starred = [each for each in (function.args.vararg, function.args.kwarg) if each]
    missing = [
        each.arg for each in (*arguments, *function.args.kwonlyargs, *starred) if each.annotation is None
    ]
    return missing if function.returns else [*missing, "its result"]
