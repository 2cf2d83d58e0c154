"""Decides which changes to a rule are tried: each one that a tired author could have written, one at a time.

An operator for its neighbour, a bound that is one off, `and` for `or`, a condition that is turned round, the smallest
for the largest, a figure or a code that is another one, a statement that is missing. Prose is left alone: no rule rests
on the wording of a refusal. So are annotations, which do nothing here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

COMPARED: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
COMBINED: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "*",
    ast.Mod: "*",
    ast.Pow: "*",
    ast.BitOr: "&",
    ast.BitAnd: "|",
}
CALLED = {
    "max": "min",
    "min": "max",
    "any": "all",
    "all": "any",
    "abs": "",
    "sorted": "list",
    "reversed": "list",
}
CODE = re.compile(r"[\w.:/+-]*")
"""What a string is that means something to a program: one word, or nothing."""


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """`path` with the characters from `start` to `end`, on `line`, replaced by `after`; they were `before`."""

    path: str
    line: int
    start: int
    end: int
    before: str
    after: str

    @property
    def change(self) -> str:
        return f"{_short(self.before)} → {_short(self.after)}"

    def of(self, source: str) -> str:
        """`source`, which is `path`'s, changed."""
        return source[: self.start] + self.after + source[self.end :]

    def line_of(self, source: str) -> str:
        return source.splitlines()[self.line - 1].strip()


def _short(text: str) -> str:
    words = " ".join(text.split()) or "nothing"
    return words if len(words) <= 60 else f"{words[:57]}…"


def mutants(path: str, source: str) -> tuple[Mutant, ...]:
    """Every change of `source` that is tried, in the sequence of its text; each of them is Python."""
    found = {
        Mutant(path, node.lineno, start, end, source[start:end], after)
        for node, start, end, after in _Changes(source).all()
        if source[start:end] != after
    }
    return tuple(sorted(mutant for mutant in found if _is_python(mutant.of(source))))


def _is_python(source: str) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


Change = tuple[ast.expr | ast.stmt, int, int, str]


class _Changes:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tree = ast.parse(source)
        self._line_starts = [0]
        for line in source.splitlines(keepends=True):
            self._line_starts.append(self._line_starts[-1] + len(line))

    def all(self) -> Iterator[Change]:
        for node in self._live(self._tree):
            if isinstance(node, ast.expr | ast.comprehension):
                yield from self._of_expression(node)
            elif isinstance(node, ast.stmt):
                yield from self._of_statement(node)

    def _of_expression(self, node: ast.expr | ast.comprehension) -> Iterator[Change]:
        match node:
            case ast.Compare():
                yield from self._compared(node)
            case ast.BoolOp():
                yield from self._joined(node)
            case ast.BinOp():
                yield from self._between(node.left, node.right, COMBINED.get(type(node.op)))
            case ast.UnaryOp(op=ast.Not() | ast.USub()):
                yield self._instead(node, self._text(node.operand))
            case ast.Call(func=ast.Name(id=name)) if name in CALLED and node.args:
                yield self._instead(node.func, CALLED[name])
            case ast.Constant():
                yield from self._other_values(node)
            case ast.IfExp():
                yield from self._turned_round(node.test)
            case ast.comprehension():
                for test in node.ifs:
                    yield from self._turned_round(test)

    def _of_statement(self, node: ast.stmt) -> Iterator[Change]:
        match node:
            case ast.AugAssign():
                operator = COMBINED.get(type(node.op))
                yield from self._between(node.target, node.value, operator and f"{operator}=")
            case ast.If() | ast.While():
                yield from self._turned_round(node.test)
            case ast.Continue():
                yield self._instead(node, "break")
            case ast.Break():
                yield self._instead(node, "continue")
            case ast.Raise() | ast.Expr(value=ast.Call()):
                yield self._instead(node, "pass")

    def _live(self, node: ast.AST) -> Iterator[ast.AST]:
        """`node` and what is below it, without annotations, docstrings, what is said of errors to people, and the names
        of `__all__`, which a star import alone reads."""
        if isinstance(node, ast.Assign) and self._text(node.targets[0]) == "__all__":
            return
        yield node
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list", "type_params"}:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                        continue
                    yield from self._live(child)

    def _compared(self, node: ast.Compare) -> Iterator[Change]:
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            for after in COMPARED[type(operator)]:
                yield from self._between(left, right, after)
            left = right

    def _joined(self, node: ast.BoolOp) -> Iterator[Change]:
        after = "or" if isinstance(node.op, ast.And) else "and"
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from self._between(left, right, after)

    def _between(self, left: ast.expr, right: ast.expr, after: str | None) -> Iterator[Change]:
        """The operator between two operands, which may have brackets and line ends around them."""
        if after is None:
            return
        begin, end = self._end(left), self._start(right)
        found = re.search(r"not\s+in|is\s+not|[^\s()#]+", self._source[begin:end])
        if found and "#" not in self._source[begin:end]:
            yield left, begin + found.start(), begin + found.end(), after

    def _other_values(self, node: ast.Constant) -> Iterator[Change]:
        match node.value:
            case bool():
                yield self._instead(node, str(not node.value))
            case int():
                yield self._instead(node, str(node.value + 1))
            case str() if CODE.fullmatch(node.value):
                yield self._instead(node, repr(_another(node.value)))

    def _turned_round(self, test: ast.expr) -> Iterator[Change]:
        """A condition that is no comparison, conjunction or negation: those have changes of their own."""
        if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield self._instead(test, f"not ({self._text(test)})")

    def _instead(self, node: ast.expr | ast.stmt, after: str) -> Change:
        return node, self._start(node), self._end(node), after

    def _text(self, node: ast.expr) -> str:
        return self._source[self._start(node) : self._end(node)]

    def _start(self, node: ast.expr | ast.stmt) -> int:
        return self._place(node.lineno, node.col_offset)

    def _end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self._place(node.end_lineno, node.end_col_offset)

    def _place(self, line: int, column: int) -> int:
        """Of a character; ast counts the bytes of a line."""
        begin = self._line_starts[line - 1]
        text = self._source[begin : self._line_starts[line]]
        return begin + len(text.encode()[:column].decode())


def _another(word: str) -> str:
    """A figure that is one higher, or a word that is not known. Infinity has no higher one."""
    try:
        figure = Decimal(word)
    except InvalidOperation:
        return f"{word}x"
    return str(figure + 1) if figure.is_finite() else f"{word}x"
