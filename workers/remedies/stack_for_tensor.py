"""torch.tensor() around tensors, which reads each of them as a number: torch.stack."""

from collections.abc import Iterator

import libcst as cst

from workers.remedies.condition import called
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import Place, place_of

NOTE = "Stacks the tensors; nothing is read out of them."
NAMES = ("torch.tensor", "torch.as_tensor", "torch.Tensor", "torch.FloatTensor", "torch.LongTensor")


def propose(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """torch.stack in place of each torch.tensor of the line."""
    place = place_of(cause, upload)
    for call in place.nodes(cst.Call) if place else []:
        if place is not None and called(call) in NAMES and call.args:
            for text in _stacks(place, call):
                yield place.edit({call: cst.parse_expression(text)}, NOTE)


REMEDY = Remedy(
    name="stack_for_tensor",
    title="Stack tensors with torch.stack",
    kind="rewrite",
    categories=frozenset({"tensor_to_python", "data_dependent_branch", "unsupported_python"}),
    propose=propose,
)


def _stacks(place: Place, call: cst.Call) -> Iterator[str]:
    first, *rest = call.args
    code = place.source.code
    dtype = next((code(a.value) for a in rest if a.keyword and a.keyword.value == "dtype"), "")
    ending = f".to({dtype})" if dtype else ""
    yield f"torch.stack({_list(place, first.value)}){ending}"
    if isinstance(first.value, cst.Name | cst.Attribute | cst.Subscript):
        yield f"{code(first.value)}{ending}"


def _list(place: Place, node: cst.BaseExpression) -> str:
    """The tensors to stack; lists in it are stacked too, and numbers made tensors."""
    code = place.source.code
    if not isinstance(node, cst.List | cst.Tuple):
        return code(node)
    return f"[{', '.join(_part(place, element.value) for element in node.elements)}]"


def _part(place: Place, node: cst.BaseExpression) -> str:
    if isinstance(node, cst.List | cst.Tuple):
        return f"torch.stack({_list(place, node)})"
    if isinstance(node, cst.Call) and called(node).rpartition(".")[2] == "item":
        assert isinstance(node.func, cst.Attribute)
        return place.source.code(node.func.value)
    return f"torch.as_tensor({place.source.code(node)})"
