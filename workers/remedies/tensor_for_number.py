"""A number that is taken out of a tensor, and only computed with: it stays a tensor."""

from collections.abc import Iterator

import libcst as cst

from workers.remedies.condition import called
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import Place, place_of
from workers.remedies.syntax import Change, small_of

NOTE = "Keeps the value in a tensor without dimensions, where it was a Python number."
TORCH_FOR_MATH = {
    "sqrt": "sqrt", "exp": "exp", "log": "log", "log2": "log2", "sin": "sin", "cos": "cos",
    "tan": "tan", "tanh": "tanh", "floor": "floor", "ceil": "ceil", "fabs": "abs", "pow": "pow",
    "atan2": "atan2", "isnan": "isnan", "isinf": "isinf", "isfinite": "isfinite",
}  # fmt: skip


def propose(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """All numbers of the line at once; then each alone, where there are several."""
    place = place_of(cause, upload)
    if place is None:
        return
    changes = _changes(place)
    for chosen in [
        changes,
        *([{node: changes[node]} for node in changes] if len(changes) > 1 else []),
    ]:
        if chosen:
            yield place.edit({**chosen, **_lookups(place)}, NOTE)


REMEDY = Remedy(
    name="tensor_for_number",
    title="Keep the value a tensor instead of a Python number",
    kind="rewrite",
    categories=frozenset({"tensor_to_python", "data_dependent_branch", "data_dependent_shape"}),
    propose=propose,
)


def _changes(place: Place) -> dict[cst.CSTNode, Change]:
    """What to put for each outermost number; what is within one is changed with it."""
    changes: dict[cst.CSTNode, Change] = {}
    for node in place.nodes(cst.Call):
        inside = any(around in changes for around in place.source.ancestors(node))
        text = None if inside else _tensor(place, node)
        if text is not None:
            changes[node] = cst.parse_expression(text)
    return changes


def _tensor(place: Place, node: cst.Call) -> str | None:
    """The call's value as a tensor; None where it is no number out of a tensor."""
    name, code = called(node), place.source.code
    arguments = [argument.value for argument in node.args]
    if isinstance(node.func, cst.Attribute) and not arguments:
        receiver = code(node.func.value)
        if node.func.attr.value == "item":
            return receiver
        if node.func.attr.value == "tolist":
            return f"{receiver}.unbind()"
    if name in ("float", "int") and len(arguments) == 1:
        inner = _inner(place, arguments[0])
        return inner if name == "float" or inner.endswith(".long()") else f"{_atom(inner)}.long()"
    if name in ("max", "min") and len(arguments) == 2:
        return _extreme(place, name, arguments)
    if name.startswith("math.") and name[5:] in TORCH_FOR_MATH and _holds_item(place, node):
        inside = ", ".join(_inner(place, argument) for argument in arguments)
        return f"torch.{TORCH_FOR_MATH[name[5:]]}({inside})"
    if name == "round" and len(arguments) == 1 and _holds_item(place, node):
        return f"torch.round({_inner(place, arguments[0])})"
    return None


def _extreme(place: Place, name: str, arguments: list[cst.BaseExpression]) -> str | None:
    """max() and min() of a number out of a tensor and another one."""
    held = [_holds_item(place, argument) for argument in arguments]
    texts = [_inner(place, argument) for argument in arguments]
    if all(held):
        return f"torch.{name}imum({', '.join(texts)})"
    if not any(held):
        return None
    tensor, number = texts if held[0] else reversed(texts)
    return f"{_atom(tensor)}.clamp({'min' if name == 'max' else 'max'}={number})"


def _inner(place: Place, node: cst.BaseExpression) -> str:
    """The text of an argument, with the numbers in it made tensors too."""
    changes: dict[cst.CSTNode, Change] = {}

    class Inside(cst.CSTVisitor):
        def visit_Call(self, call: cst.Call) -> bool:  # noqa: N802
            text = _tensor(place, call)
            if text is not None:
                changes[call] = cst.parse_expression(text)
            return text is None

    node.visit(Inside())
    made = changes.get(node)
    if isinstance(made, cst.CSTNode):
        return place.source.code(made)
    new: cst.CSTNode = node
    for old, change in changes.items():
        assert isinstance(change, cst.CSTNode)
        replaced = new.deep_replace(old, change)
        assert isinstance(replaced, cst.CSTNode)
        new = replaced
    return place.source.code(new)


def _holds_item(place: Place, node: cst.CSTNode) -> bool:
    code = place.source.code(node)
    return ".item()" in code or "float(" in code or "int(" in code


def _lookups(place: Place) -> dict[cst.CSTNode, Change]:
    """`(-1, 1)[name]` of the name that the line assigns: a tensor cannot index a tuple."""
    small = small_of(place.statement)
    if not isinstance(small, cst.Assign) or not isinstance(small.targets[0].target, cst.Name):
        return {}
    name, source = small.targets[0].target.value, place.source
    changes: dict[cst.CSTNode, Change] = {}
    for node in source.ranges:
        if isinstance(node, cst.Subscript) and isinstance(node.value, cst.Tuple | cst.List):
            index = source.code(node.slice[0].slice) if len(node.slice) == 1 else ""
            if index == name and source.function(node) is source.function(place.statement):
                text = f"torch.tensor({source.code(node.value)})[{name}]"
                changes[node] = cst.parse_expression(text)
    return changes


def _atom(text: str) -> str:
    tree = cst.parse_expression(text)
    plain = isinstance(tree, cst.Name | cst.Attribute | cst.Call | cst.Subscript) or tree.lpar
    return text if plain else f"({text})"
