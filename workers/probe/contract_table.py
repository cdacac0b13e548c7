"""The contract's table as it grows: one row a dimension, and what was said of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sympy

from .contract_causes import causes_of
from .contract_code import Pasted, symbol_names
from .contract_dims import Arguments, Dimension
from .contract_export import Exported, sizes_by_name
from .contract_open import Open, Symbol
from .contract_sizes import Span
from .contract_sweep import Sweep
from .contract_tries import Try
from .emit import TEXT, cap
from .torch_guards import Recorded

MOST_TRIES = 12  # of one dimension
UNASKED = "torch.export takes a size of 0 or 1 in the example inputs as static"


@dataclass
class Row:
    """What is known of one dimension."""

    dimension: Dimension
    obtained: str = "not_known"  # dynamic, static, not_known
    symbol: str = ""
    expression: str = ""  # of a dimension that follows from another: 2*batch
    span: Span | None = None
    causes: list[Recorded] = field(default_factory=list)
    small: bool = False  # static for its size in the example, 0 or 1
    tied: bool = False  # nothing fixes it but other dimensions
    answered: str = ""  # what became of the script's request: dynamic, static, failed
    tries: list[tuple[int, Try, bool]] = field(default_factory=list)
    alone: Span | None = None  # its range where it is the only dynamic one
    failure: str = ""  # of the export that asks for it


class Table:
    """Rows of the dimensions, and the run's own facts beside them."""

    def __init__(self, dimensions: Sequence[Dimension], examples: Sequence[Arguments]) -> None:
        self._dimensions = dimensions
        self._rows = {one.key: Row(one) for one in dimensions}
        self._elsewhere = [sizes_by_name(example, dimensions) for example in examples]
        self._names: dict[Any, str] = {}
        self._how = "export"
        self._failure: dict[str, Any] | None = None
        self._request_failure: dict[str, Any] | None = None
        self._relations: list[dict[str, Any]] = []
        self._pasted: Pasted | None = None
        self._cases: list[dict[str, Any]] = []
        self._own: Try | None = None
        self.grown: list[Dimension] = []

    def take_requested(self, exported: Exported) -> None:
        """What the script's own dynamic_shapes gave."""
        self._request_failure = exported.failure
        for row in self._rows.values():
            if row.dimension.requested:
                dynamic = exported.is_dynamic(row.dimension)
                row.answered = "dynamic" if dynamic else "static" if exported.program else "failed"

    def take_failed(self, exported: Exported) -> None:
        """What an export of all dimensions had fixed before it failed."""
        for row in self._rows.values():
            causes = self._causes(row, exported, row.dimension.size + 1)
            if any(len(guard.sources) == 1 for guard in causes):
                row.obtained = "static"
            row.causes = causes

    def take_blocked(self, exported: Exported) -> None:
        """The model does not export, whatever is asked of its dimensions."""
        self._how, self._failure = "eager", exported.failure

    def take_refused(self, one: Dimension, exported: Exported) -> None:
        """A dimension with which the export fails."""
        failure = exported.failure or {}
        self._rows[one.key].failure = cap(failure.get("message", ""), TEXT)

    def take_open(self, found: Open) -> None:
        """What an export left open, and what it fixed."""
        self._names = symbol_names(found.symbols)
        for row in self._rows.values():
            if found.exported.is_dynamic(row.dimension):
                self._take_dynamic(row, found)
            else:
                self._take_static(row, found)
        self._relations = [
            {"meaning": cap(one.meaning, TEXT), "guard": _guard(one.guard) if one.guard else None}
            for one in found.relations
        ]

    def _take_dynamic(self, row: Row, found: Open) -> None:
        row.obtained = "dynamic"
        size = found.exported.sizes[row.dimension.key]
        if symbol := found.symbol_of(row.dimension):
            row.symbol = self._names[symbol.symbol]
            row.span = _span_of(size, symbol)
        if not getattr(size, "is_Symbol", False):
            known = {symbol: sympy.Symbol(name) for symbol, name in self._names.items()}
            row.expression = cap(size.subs(known), TEXT)
        causes: dict[tuple[str, int], Recorded] = {}
        for other in _edges(row.span):
            for guard in self._causes(row, found.exported, other)[:1]:
                causes.setdefault((guard.text, guard.frame.line if guard.frame else 0), guard)
        row.causes = list(causes.values())

    def _take_static(self, row: Row, found: Open) -> None:
        row.obtained = "static"
        if row.failure:
            return
        size = sizes_by_name(found.exported.inputs, [row.dimension])[row.dimension.name]
        causes = self._causes(row, found.exported, size + 1)
        row.causes = causes
        row.tied = bool(causes) and all(len(guard.sources) > 1 for guard in causes)
        row.small = not causes and size < 2

    def _causes(self, row: Row, exported: Exported, other: int) -> list[Recorded]:
        hints = sizes_by_name(exported.inputs, self._dimensions)
        return causes_of(row.dimension.name, other, exported.guards, hints)

    def take_pasted(self, pasted: Pasted | None) -> None:
        """The text that was exported with, if one leaves open what the table says."""
        self._pasted = pasted

    def take_sweep(self, sweep: Sweep, examples: Sequence[Arguments]) -> None:
        """Tries of every dimension; a range begins at 0 or 1 only where that is equal to eager."""
        names = {one.key: one.name for one in self._dimensions}
        self._own = sweep.own()
        for symbol in sweep.found.symbols if sweep.found else ():
            tries = sweep.of_symbol(symbol)
            self._take_tries(symbol, tries)
        for case in [*sweep.joint(), *filter(None, map(sweep.of_example, examples))]:
            sizes = {names[key]: size for key, size in case.sizes.items()}
            self._cases.append({"sizes": sizes, **case.fields})
        for row in self._rows.values():
            if row.obtained != "dynamic":
                partners = self._partners(row)
                for case in sweep.of_fixed(row.dimension, partners):
                    together = len(case.sizes) > 1
                    row.tries.append((case.sizes[row.dimension.key], case, together))

    def _take_tries(self, symbol: Symbol, tries: Sequence[Try]) -> None:
        equal = {one.sizes[symbol.root.key] for one in tries if one.program == "equal"}
        for row in self._rows.values():
            if row.symbol != self._names.get(symbol.symbol) and row.dimension != symbol.root:
                continue
            row.tries += [
                (one.sizes[row.dimension.key], one, False)
                for one in tries
                if row.dimension.key in one.sizes
            ]
            if row.span and row.expression == "":
                row.span = _without_unchecked(row.span, equal)

    def _partners(self, row: Row) -> list[Dimension]:
        """The dimensions that may have to change with this one, itself among them: of its size."""
        this = row.dimension
        tied = {name for cause in row.causes for name in cause.sources.values()}
        return [
            one
            for one in self._dimensions
            if one.size == this.size
            and (
                one == this or one.name in tied or (one.role == this.role and one.leaf != this.leaf)
            )
        ]

    def fixed_by_others(self) -> list[Dimension]:
        """Dimensions that only other dimensions fix, and that eager takes at other sizes."""
        return [
            row.dimension
            for row in self._rows.values()
            if row.obtained == "static"
            and row.tied
            and any(case.eager == "ran" for _, case, together in row.tries if not together)
        ]

    def take_alone(self, dimension: Dimension, found: Open) -> None:
        """A dimension that can be dynamic where no other one is."""
        symbol = found.symbol_of(dimension)
        self._rows[dimension.key].alone = symbol.span if symbol else None

    def fields(self, **more: Any) -> dict[str, Any]:
        """All of it as workers/answers/contract.py has it."""
        return {
            "how": self._how,
            "failure": _brief(self._failure),
            "request_failure": _brief(self._request_failure),
            "dimensions": [self._row(row) for row in self._rows.values()],
            "relations": self._relations,
            "code": self._pasted.text if self._pasted else "",
            "form": self._pasted.form if self._pasted else "",
            "own": self._own.fields if self._own else None,
            "cases": self._cases,
            **more,
        }

    def _row(self, row: Row) -> dict[str, Any]:
        one, span = row.dimension, row.span
        return {
            "name": one.name,
            "input": one.input,
            "dim": one.dim,
            "size": one.size,
            "role": one.role,
            "requested": one.requested,
            "answered": row.answered,
            "obtained": row.obtained,
            "symbol": row.symbol,
            "expression": row.expression,
            **_range(span),
            "causes": [*map(_guard, row.causes), *([_small(one)] if row.small else [])],
            "tries": [
                {"size": size, "together": together, **case.fields}
                for size, case, together in row.tries[:MOST_TRIES]
            ],
            "elsewhere": [sizes[one.name] for sizes in self._elsewhere],
            "grown": one in self.grown,
            "alone": row.alone is not None,
            "failure": row.failure,
        }


def _span_of(size: Any, symbol: Symbol) -> Span | None:
    """The range of a dimension that is a symbol, or a multiple of one plus a number."""
    span = symbol.span
    if span is None or size.is_Symbol or not size.is_polynomial(symbol.symbol):
        return span
    factor, constant = size.coeff(symbol.symbol, 1), size.coeff(symbol.symbol, 0)
    if factor * symbol.symbol + constant != size or not (factor.is_Integer and factor > 0):
        return None
    a, b = int(factor), int(constant)
    upper = None if span.upper is None else a * span.upper + b
    step = a * span.step
    exceptions = tuple(a * one + b for one in span.exceptions)
    return Span(a * span.lower + b, upper, step, (a * span.remainder + b) % step, exceptions)


def _without_unchecked(span: Span, equal: set[int]) -> Span:
    """The range from 2 on, and from 1 or 0 where those were equal to eager."""
    lower = span.lower
    for size in (0, 1):
        if lower == size and size not in equal:
            lower = span.after(size)
    return replace(span, lower=lower)


def _edges(span: Span | None) -> list[int]:
    """Sizes just outside a range: what shuts them out is what narrows it."""
    if span is None:
        return []
    edges = [span.lower - span.step] if span.lower > 2 else []
    edges += [span.lower + 1] if span.step > 1 else []
    edges += [span.upper + span.step] if span.upper is not None else []
    return [one for one in [*edges, *span.exceptions[:2]] if one >= 0]


def _range(span: Span | None) -> dict[str, Any]:
    if span is None:
        return {"lower": None, "upper": None, "step": 1, "remainder": 0, "exceptions": []}
    return {
        "lower": span.lower,
        "upper": span.upper,
        "step": span.step,
        "remainder": span.remainder,
        "exceptions": list(span.exceptions),
    }


def _guard(guard: Recorded) -> dict[str, Any]:
    """A guard as workers/events.py has it."""
    return {
        "kind": "specialisation" if guard.fixes else "guard",
        "expression": cap(guard.text, TEXT),
        "meaning": cap(guard.meaning, TEXT),
        "frame": guard.frame.as_event() if guard.frame else None,
        "framework": cap(guard.framework, TEXT),
    }


def _small(one: Dimension) -> dict[str, Any]:
    meaning = cap(f"{one.name} == {one.size}", TEXT)
    return {
        "kind": "specialisation",
        "expression": meaning,
        "meaning": meaning,
        "framework": UNASKED,
    }


def _brief(failure: dict[str, Any] | None) -> dict[str, Any] | None:
    """A failure without its frames and its stack: the run's page has those."""
    if failure is None:
        return None
    return {key: failure[key] for key in ("category", "exception", "message", "culprit")}
