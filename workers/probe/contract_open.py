"""What a program leaves open: the symbols of its inputs, their ranges, what ties them together."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import sympy

from .contract_causes import joint_cause
from .contract_clock import Clock
from .contract_dims import Dimension
from .contract_export import Exported, Key, sizes_by_name
from .contract_sizes import FAR, Span, around, outside, resized_on_meta, span_of
from .torch_guards import Recorded

MOST_RELATIONS = 32
MOST_PAIRS = 64  # of symbols that are looked at together
FEW = 5  # sizes of each symbol of a pair

_SIZE = re.compile(r"\.size\(\)\[(\d+)\]")


@dataclass(frozen=True)
class Symbol:
    """One free size of a program, and the dimensions that follow from it."""

    symbol: Any  # sympy
    root: Dimension  # the first dimension that is the symbol itself, or follows from it alone
    size: int  # the symbol's, in the export's inputs
    span: Span | None  # None: no simple rule tells which sizes are taken


@dataclass(frozen=True)
class Relation:
    """What the program asks of several symbols at once."""

    meaning: str
    guard: Recorded | None


@dataclass(frozen=True)
class Open:
    """All that a program leaves open."""

    exported: Exported
    symbols: tuple[Symbol, ...]
    relations: tuple[Relation, ...]

    def sizes(self, values: Mapping[Any, int]) -> dict[Key, int] | None:
        """The sizes of all open dimensions where these symbols have other values than their own.

        None: some dimension would be no whole number.
        """
        return _sizes(self.exported, {one.symbol: one.size for one in self.symbols} | dict(values))

    def symbol_of(self, dimension: Dimension) -> Symbol | None:
        """The only symbol that a dimension's size depends on."""
        size = self.exported.sizes.get(dimension.key)
        free: set[Any] = getattr(size, "free_symbols", set())
        found = [one for one in self.symbols if one.symbol in free]
        return found[0] if len(found) == len(free) == 1 else None


def open_of(exported: Exported, dimensions: Sequence[Dimension], clock: Clock) -> Open:
    """Read what an export left open, by asking the program which sizes it takes."""
    hints = sizes_by_name(exported.inputs, dimensions)
    roots = _roots(exported, dimensions)
    own = {
        symbol: _value(exported.sizes[root.key], symbol, hints[root.name])
        for symbol, root in roots.items()
    }
    symbols = tuple(
        Symbol(symbol, root, own[symbol], _span(exported, own, symbol, root, clock))
        for symbol, root in roots.items()
    )
    found = Open(exported, symbols, ())
    return replace(found, relations=tuple(_relations(found, hints, clock)))


def _roots(exported: Exported, dimensions: Sequence[Dimension]) -> dict[Any, Dimension]:
    """The first dimension that is each symbol itself; else the first that depends on it alone."""
    roots: dict[Any, Dimension] = {}
    opened = [one for one in dimensions if exported.is_dynamic(one)]
    for one in sorted(opened, key=lambda one: not exported.sizes[one.key].is_Symbol):
        free = exported.sizes[one.key].free_symbols
        if len(free) == 1:
            roots.setdefault(next(iter(free)), one)
    order = {one.key: place for place, one in enumerate(dimensions)}
    return dict(sorted(roots.items(), key=lambda item: order[item[1].key]))


def _value(expression: Any, symbol: Any, size: int) -> int:
    """The symbol's value where a dimension that follows from it has this size."""
    if expression.is_Symbol:
        return size
    found = sympy.solve(expression - size, symbol)
    return int(found[0]) if found and found[0].is_Integer else size


def _sizes(exported: Exported, values: Mapping[Any, int]) -> dict[Key, int] | None:
    found = {}
    for key, size in exported.sizes.items():
        if isinstance(size, int):
            continue
        if size.is_Symbol:  # most are, and substituting takes sympy long
            found[key] = values[size]
            continue
        value = size.subs(values)
        if not value.is_Integer or value < 0:
            return None
        found[key] = int(value)
    return found


def takes(exported: Exported, values: Mapping[Any, int]) -> bool:
    """Whether the program takes inputs where its symbols have these values."""
    return _refusal(exported, values) == ""


def _refusal(exported: Exported, values: Mapping[Any, int]) -> str:
    sizes = _sizes(exported, values)
    if sizes is None:
        return "no whole number"
    return exported.admission.refusal(resized_on_meta(exported.inputs, sizes))


def _span(
    exported: Exported, own: Mapping[Any, int], symbol: Any, root: Dimension, clock: Clock
) -> Span | None:
    """The sizes that the program takes; where it cannot be asked, those that it declares."""
    asked = exported.admission.known and clock.allows(f"asking for the range of {root.name}", "ask")
    if not asked:
        assert exported.program is not None
        bounds = exported.program.range_constraints.get(symbol)
        upper = bounds.upper if bounds is not None else FAR
        return Span(int(bounds.lower) if bounds else 2, int(upper) if upper < FAR else None)
    return span_of(lambda size: takes(exported, {**own, symbol: size}), own[symbol])


def _relations(found: Open, hints: Mapping[str, int], clock: Clock) -> Iterator[Relation]:
    """What pairs of symbols have to keep, that no range of one of them tells."""
    told: set[str] = set()
    own = {one.symbol: one.size for one in found.symbols}
    for left, right in list(combinations(found.symbols, 2))[:MOST_PAIRS]:
        if left.span is None or right.span is None:
            continue
        if not clock.allows("asking what dimensions keep together", "ask"):
            return
        for a, b in product(_some(left), _some(right)):
            refusal = _refusal(found.exported, {**own, left.symbol: a, right.symbol: b})
            inside = a in left.span and b in right.span
            if bool(refusal) == (not inside) or len(told) >= MOST_RELATIONS:
                continue
            if not refusal:  # taken together, though not one by one
                a, b = (a, right.size) if a not in left.span else (left.size, b)
                refusal = _refusal(found.exported, {**own, left.symbol: a, right.symbol: b})
            meaning = _in_words(refusal)
            if meaning not in told:
                told.add(meaning)
                other = {**hints, left.root.name: a, right.root.name: b}
                yield Relation(meaning, joint_cause(found.exported.guards, other))


def _some(symbol: Symbol) -> list[int]:
    assert symbol.span is not None
    inside = [one for one in around(symbol.span, symbol.size) if one <= 4 * symbol.size]
    return [symbol.size, *inside[:FEW], *outside(symbol.span, symbol.size)[:2]]


def _in_words(refusal: str) -> str:
    """`Guard failed: x.size()[0] == 2` as a person writes it."""
    return _SIZE.sub(r".shape[\1]", refusal.removeprefix("Guard failed: "))
