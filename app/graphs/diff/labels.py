"""What a node is taken for while graphs are aligned: from all that it is to its operator alone."""

from enum import Enum

from app.graphs.diff.canonical import Body, Interner


class Label(Enum):
    """What two nodes have in common that may be the same one. Topology comes on top."""

    FULL = "operator, arguments, values, module, line"
    PLACED = "operator, arguments, values, module"
    FREE = "operator, arguments, values, line; no path of any module"
    ALIKE = "operator, arguments, values; no path of any module"
    MODULE = "operator, module, line"
    SOURCE = "operator, line; no path of any module"
    TARGET = "operator"
    KIND = "op: call_function, placeholder, …"


WEAK = frozenset({Label.SOURCE, Label.TARGET, Label.KIND})


def labels_of(body: Body, label: Label, interner: Interner) -> list[int]:
    """The label of each node as a number."""
    number = interner.number
    columns: dict[Label, tuple[list[int], ...]] = {
        Label.FULL: (body.operators, body.forms, body.erased, body.modules, body.sources),
        Label.PLACED: (body.operators, body.forms, body.erased, body.modules),
        Label.FREE: (body.bare, body.forms, body.erased, body.sources),
        Label.ALIKE: (body.bare, body.forms, body.erased),
        Label.MODULE: (body.operators, body.modules, body.sources),
        Label.SOURCE: (body.bare, body.sources),
        Label.TARGET: (body.bare,),
        Label.KIND: (body.ops,),
    }
    chosen = columns[label]
    if len(chosen) == 1:
        return chosen[0]
    return [number(*key) for key in zip(*chosen, strict=True)]
