"""What changed beside the nodes: inputs, outputs, ranges of symbols, modules."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.graphs.diff.alignment import Alignment
from app.graphs.diff.canonical import unnumbered
from app.graphs.diff.modules import ModuleMap
from app.graphs.diff.result import NamedEdit
from app.graphs.diff.sequences import common_subsequence
from app.graphs.diff.symbols import same_expression
from app.graphs.document import GraphDocument, GraphInput, GraphOutput, Symbol

_ORDER = {"input": 0, "output": 1, "symbol": 2, "module": 3}


def named_edit(what: str, before: Any, after: Any) -> NamedEdit:
    """A change that is called by the head's name, or the base's where the head has none."""
    return NamedEdit(what, (after if after is not None else before)["name"], before, after)


def in_order(edits: Iterable[NamedEdit]) -> tuple[NamedEdit, ...]:
    """By what and name: the same from both sides."""
    return tuple(sorted(edits, key=_rank))


def _rank(edit: NamedEdit) -> tuple[Any, ...]:
    before, after = edit.before, edit.after
    return (
        _ORDER[edit.what],
        after["name"] if after is not None else "",
        before["name"] if before is not None else "",
        before is None,
        after is None,
    )


def changes_beside(
    base: GraphDocument,
    head: GraphDocument,
    alignment: Alignment,
    symbols: Mapping[str, str],
    modules: ModuleMap,
) -> tuple[NamedEdit, ...]:
    """All of them, in order."""
    edits = [*_inputs(base, head, alignment, modules), *_outputs(base, head, modules)]
    edits += _symbols(base, head, symbols)
    edits += [named_edit("module", *change) for change in modules.changes()]
    return in_order(edits)


def paired_inputs(
    base: GraphDocument, head: GraphDocument, alignment: Alignment
) -> list[tuple[GraphInput | None, GraphInput | None]]:
    """Inputs by their placeholders, those without one by name."""
    theirs: defaultdict[str, list[GraphInput]] = defaultdict(list)
    for item in reversed(head.inputs):
        theirs[item.name].append(item)
    pairs: list[tuple[GraphInput | None, GraphInput | None]] = []
    for ours in base.inputs:
        place = alignment.base.places.get(ours.name)
        other = -1 if place is None else alignment.to_head[place]
        name = (
            ours.name if place is None else alignment.head.nodes[other].name if other >= 0 else ""
        )
        same = other >= 0 or (place is None and name not in alignment.head.places)
        pairs.append((ours, theirs[name].pop() if same and theirs.get(name) else None))
    left = {id(item) for items in theirs.values() for item in items}
    return [*pairs, *((None, item) for item in head.inputs if id(item) in left)]


def _inputs(
    base: GraphDocument, head: GraphDocument, alignment: Alignment, modules: ModuleMap
) -> Iterator[NamedEdit]:
    for ours, theirs in paired_inputs(base, head, alignment):
        if ours is None or theirs is None or not _same_input(ours, theirs, modules):
            yield named_edit("input", _fields(ours), _fields(theirs))


def _same_input(ours: GraphInput, theirs: GraphInput, modules: ModuleMap) -> bool:
    before, after = modules.path(ours.target), theirs.target
    if "constant" in (ours.kind, theirs.kind):
        before, after = unnumbered(before), unnumbered(after)
    return (
        ours.kind == theirs.kind
        and (before == after or ours.target == theirs.target)
        and (ours.digest == theirs.digest or not ours.digest or not theirs.digest)
        and (ours.persistent == theirs.persistent or None in (ours.persistent, theirs.persistent))
    )


def _outputs(base: GraphDocument, head: GraphDocument, modules: ModuleMap) -> Iterator[NamedEdit]:
    """What comes out, by kind and target. Which node it is, is an argument of the output node."""
    numbers: dict[tuple[str, str], int] = {}

    def number(kind: str, target: str) -> int:
        return numbers.setdefault((kind, target), len(numbers))

    ours = [number(item.kind, item.target and modules.path(item.target)) for item in base.outputs]
    theirs = [number(item.kind, item.target) for item in head.outputs]
    i_next = j_next = 0
    for i, j in [*common_subsequence(ours, theirs), (len(ours), len(theirs))]:
        before = [_fields(item) for item in base.outputs[i_next:i]]
        after = [_fields(item) for item in head.outputs[j_next:j]]
        both = min(len(before), len(after))
        for pair in zip(before, after, strict=False):
            yield named_edit("output", *pair)
        for item in before[both:]:
            yield named_edit("output", item, None)
        for item in after[both:]:
            yield named_edit("output", None, item)
        i_next, j_next = i + 1, j + 1


def _symbols(
    base: GraphDocument, head: GraphDocument, symbols: Mapping[str, str]
) -> Iterator[NamedEdit]:
    theirs: defaultdict[str, list[Symbol]] = defaultdict(list)
    for symbol in reversed(head.symbols):
        theirs[symbol.name].append(symbol)
    for ours in base.symbols:
        found = theirs.get(symbols.get(ours.name, "")) if ours.name in symbols else None
        other = found.pop() if found else None
        if other is None or not _same_range(ours, other, symbols):
            yield named_edit("symbol", _fields(ours), _fields(other))
    for left in theirs.values():
        for symbol in left:
            yield named_edit("symbol", None, _fields(symbol))


def _same_range(ours: Symbol, theirs: Symbol, symbols: Mapping[str, str]) -> bool:
    return same_expression(ours.lower, theirs.lower, symbols) and same_expression(
        ours.upper, theirs.upper, symbols
    )


def _fields(item: GraphInput | GraphOutput | Symbol | None) -> dict[str, Any] | None:
    return None if item is None else dict(item)
