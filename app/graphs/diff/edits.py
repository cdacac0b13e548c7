"""The edits of a pair: what of a node a reader would call changed, and what `apply` needs."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.graphs.diff.alignment import Alignment
from app.graphs.diff.arguments import Arguments, Change, Key
from app.graphs.diff.canonical import Canonical, message_core, unnumbered
from app.graphs.diff.modules import ModuleMap
from app.graphs.diff.result import Edit, Field, Patch
from app.graphs.diff.symbols import normal, renamed, same_expression
from app.graphs.document import Node, SourceFrame, TensorSpec

_ORDER = {field: number for number, field in enumerate(Field)}
_DIGITS = re.compile(r"(\d+)")


def in_order(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """By field, then by place: the same from both sides."""
    return tuple(sorted(edits, key=_rank))


def _rank(edit: Edit) -> tuple[Any, ...]:
    parts = tuple(
        (1, int(part), "") if number % 2 else (0, 0, part)
        for number, part in enumerate(_DIGITS.split(edit.where[:_LONGEST]))
    )
    return _ORDER[edit.field], parts, edit.where, edit.before is None, edit.after is not None


_LONGEST = 400  # characters of a place that are sorted by their numbers


class Comparison:
    """Compares pairs, once it is known what is what in all of both graphs."""

    def __init__(
        self,
        base: Canonical,
        head: Canonical,
        bodies: Mapping[str, str],
        symbols: Mapping[str, str],
        modules: ModuleMap,
    ) -> None:
        self._base = base
        self._head = head
        self._bodies = bodies
        self._symbols = symbols
        self._back = {theirs: ours for ours, theirs in symbols.items()}
        self._modules = modules
        self._moves: dict[tuple[int, int], tuple[Edit, ...]] = {}
        self._values: dict[tuple[int, int], tuple[tuple[Edit, ...], bool]] = {}

    def edits(self, alignment: Alignment, base: int, head: int) -> tuple[Edit, ...]:
        """What changed of this pair."""
        ours, theirs = alignment.base, alignment.head
        node, other = ours.nodes[base], theirs.nodes[head]
        edits: list[Edit] = []
        if ours.operators[base] != theirs.operators[head]:
            edits += self._target(node, other, alignment)
        if not self._same_arguments(alignment, base, head):
            edits += self._arguments(alignment, node, other)
        edits += self._of_values(alignment, base, head)[0]
        edits += self._of_modules(alignment, base, head)
        source, source_head = ours.sources[base], theirs.sources[head]
        if source != source_head and source and source_head:
            edits.append(Edit(Field.SOURCE, "", _line(node.frame), _line(other.frame)))
        return in_order(edits) if len(edits) > 1 else tuple(edits)

    def patch(self, alignment: Alignment, base: int, head: int) -> Patch | None:
        """What differs by more than the names of nodes and symbols."""
        node, other = alignment.base.nodes[base], alignment.head.nodes[head]
        fields = [name for name in ("name", "op", "target") if _of(node, name) != _of(other, name)]
        if not self._same_arguments(alignment, base, head):
            fields += ["args", "kwargs"]
        if not self._of_values(alignment, base, head)[1]:
            fields.append("values")
        if node.modules != other.modules:
            fields.append("modules")
        if not _same_frame(node.frame, other.frame):
            fields.append("frame")
        if not fields:
            return None
        return Patch(
            {name: _of(node, name) for name in fields}, {name: _of(other, name) for name in fields}
        )

    def _same_arguments(self, alignment: Alignment, base: int, head: int) -> bool:
        """Whether renaming alone makes the base's arguments the head's, and the other way."""
        ours, theirs = alignment.base, alignment.head
        if ours.forms[base] != theirs.forms[head]:
            return False
        left, right = ours.references[base], theirs.references[head]
        if left and [alignment.to_head[place] for place in left] != right:
            return False
        expressions = ours.expressions[base], theirs.expressions[head]
        return all(map(self._is_renamed, *expressions))

    def _is_renamed(self, base: str, head: str) -> bool:
        return renamed(base, self._symbols) == head and renamed(head, self._back) == base

    def _target(self, node: Node, other: Node, alignment: Alignment) -> Iterator[Edit]:
        if "placeholder" in (node.op, other.op):
            return  # its parameter or buffer is an input and stands beside
        before, after = node.target, other.target
        if node.op == "get_attr" and self._same_attribute(node, other, alignment):
            return
        yield Edit(Field.TARGET, "", before, after)

    def _same_attribute(self, node: Node, other: Node, alignment: Alignment) -> bool:
        body = self._base.subgraph(alignment.base.name, node)
        if body is not None:
            return self._bodies.get(body) == self._head.subgraph(alignment.head.name, other)
        return unnumbered(self._modules.path(node.target)) == unnumbered(other.target)

    def _arguments(self, alignment: Alignment, node: Node, other: Node) -> Iterator[Edit]:
        arguments = Arguments(*self._keys(alignment, "_assert" in node.target))
        changes: list[Change] = list(arguments.changes(node.args, other.args))
        changes += arguments.mappings(node.kwargs, other.kwargs)
        return (Edit(Field.ARGUMENT, *change) for change in changes)

    def _keys(self, alignment: Alignment, is_assert: bool) -> tuple[Key, Key]:
        ours, theirs, to_head = alignment.base, alignment.head, alignment.to_head

        def of_base(kind: str, text: str) -> str | None:
            if kind == "node" and text in ours.places:
                head = to_head[ours.places[text]]
                return f"&{head}" if head >= 0 else f"&?{ours.places[text]}"
            if kind == "sym" or (is_assert and not kind):
                return f"${normal(renamed(message_core(text), self._symbols))}"
            if kind == "graph":
                return f"@{self._bodies.get(_inner(ours.name, text), text)}"
            return None

        def of_head(kind: str, text: str) -> str | None:
            if kind == "node" and text in theirs.places:
                return f"&{theirs.places[text]}"
            if kind == "sym" or (is_assert and not kind):
                return f"${normal(message_core(text))}"
            if kind == "graph":
                name = _inner(theirs.name, text)
                return f"@{name if name in self._head.document.subgraphs else text}"
            return None

        return of_base, of_head

    def _of_values(
        self, alignment: Alignment, base: int, head: int
    ) -> tuple[tuple[Edit, ...], bool]:
        """Edits of the values, and whether renaming alone makes one the other."""
        key = alignment.base.exact[base], alignment.head.exact[head]
        known = self._values.get(key)
        if known is None:
            ours = alignment.base.nodes[base].values
            theirs = alignment.head.nodes[head].values
            several = max(len(ours), len(theirs)) > 1
            edits: list[Edit] = []
            for number in range(max(len(ours), len(theirs))):
                before = ours[number] if number < len(ours) else None
                after = theirs[number] if number < len(theirs) else None
                name = max(before.name if before else "", after.name if after else "")
                edits += self._value(before, after, name or (f"[{number}]" if several else ""))
            exact = len(ours) == len(theirs) and all(map(self._renamed_spec, ours, theirs))
            known = self._values[key] = (tuple(edits), exact)
        return known

    def _renamed_spec(self, base: TensorSpec, head: TensorSpec) -> bool:
        return renamed_spec(base, self._symbols) == head and renamed_spec(head, self._back) == base

    def _value(
        self, before: TensorSpec | None, after: TensorSpec | None, where: str
    ) -> Iterator[Edit]:
        if before is None or after is None:
            yield Edit(Field.SHAPE, where, before and before.shape, after and after.shape)
            return
        if not self._same_sizes(before.shape, after.shape):
            yield Edit(Field.SHAPE, where, before.shape, after.shape)
        elif not self._same_sizes(before.stride, after.stride):
            yield Edit(Field.SHAPE, f"{where}.stride", before.stride, after.stride)
        if before.dtype != after.dtype:
            yield Edit(Field.DTYPE, where, before.dtype, after.dtype)
        if before.device != after.device:
            yield Edit(Field.DEVICE, where, before.device, after.device)
        if before.layout != after.layout:
            yield Edit(Field.VALUE, f"{where}.layout", before.layout, after.layout)
        if before.kind != after.kind:
            yield Edit(Field.VALUE, f"{where}.kind", before.kind, after.kind)
        if not self._same_value(before, after):
            yield Edit(Field.VALUE, where, before.value, after.value)

    def _same_value(self, before: TensorSpec, after: TensorSpec) -> bool:
        if "constant" in (before.kind, after.kind) or "object" in (before.kind, after.kind):
            return before.value == after.value
        return same_expression(before.value, after.value, self._symbols)

    def _same_sizes(self, before: list[int | str], after: list[int | str]) -> bool:
        return len(before) == len(after) and all(
            same_expression(ours, theirs, self._symbols)
            if isinstance(ours, str) and isinstance(theirs, str)
            else ours == theirs
            for ours, theirs in zip(before, after, strict=True)
        )

    def _of_modules(self, alignment: Alignment, base: int, head: int) -> tuple[Edit, ...]:
        key = alignment.base.modules[base], alignment.head.modules[head]
        known = self._moves.get(key)
        if known is None:
            edits = self._module(alignment.base.nodes[base], alignment.head.nodes[head])
            known = self._moves[key] = tuple(edits)
        return known

    def _module(self, node: Node, other: Node) -> Iterator[Edit]:
        if not node.modules or not other.modules:
            return  # one of them does not know
        before, after = node.modules[-1][0], other.modules[-1][0]
        if self._modules.path(before) != after:
            yield Edit(Field.MODULE, "", before, after)


def renamed_spec(spec: TensorSpec, symbols: Mapping[str, str]) -> TensorSpec:
    """The value with its symbols renamed."""

    def sizes(before: list[int | str]) -> list[int | str]:
        return [renamed(size, symbols) if isinstance(size, str) else size for size in before]

    value = spec.value
    if value and spec.kind not in ("constant", "object"):
        value = renamed(value, symbols)
    shape, stride = sizes(spec.shape), sizes(spec.stride)
    if shape == spec.shape and stride == spec.stride and value == spec.value:
        return spec
    return spec.model_copy(update={"shape": shape, "stride": stride, "value": value})


def _inner(body: str, name: str) -> str:
    return f"{body}.{name}" if body else name


def _of(node: Node, name: str) -> Any:
    return getattr(node, name)


def _line(frame: SourceFrame | None) -> str:
    return frame.text.strip() if frame else ""


def _same_frame(base: SourceFrame | None, head: SourceFrame | None) -> bool:
    if base is None or head is None:
        return base is head
    return base.__dict__ == head.__dict__
