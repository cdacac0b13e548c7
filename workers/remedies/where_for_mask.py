"""A selection by a boolean mask that is reduced at once, or assigned to: torch.where."""

import re
from collections.abc import Iterator

import libcst as cst

from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.names import value_of
from workers.remedies.place import Place, place_of
from workers.remedies.syntax import small_of, splice, statements

NOTE = "Puts a neutral value where the mask is not set, so that no size depends on the data."
REDUCED = {
    "sum": "torch.where({mask}, {x}, 0).sum()",
    "mean": "(torch.where({mask}, {x}, 0).sum() / {mask}.sum())",
    "max": "{x}.masked_fill(~{mask}, -torch.inf).max()",
    "min": "{x}.masked_fill(~{mask}, torch.inf).min()",
    "amax": "{x}.masked_fill(~{mask}, -torch.inf).amax()",
    "amin": "{x}.masked_fill(~{mask}, torch.inf).amin()",
    "any": "({x} & {mask}).any()",
    "all": "({x} | ~{mask}).all()",
    "numel": "{mask}.sum()",
}


def propose(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """torch.where in place of each masked reduction of the line, and of a masked assignment."""
    place = place_of(cause, upload)
    if place is None:
        return
    for call in place.nodes(cst.Call):
        text = _reduced(place, call)
        if text is not None:
            yield place.edit({call: cst.parse_expression(text)}, NOTE)
    line = _assigned(place)
    if line is not None:
        yield place.edit({place.statement: splice(place.statement, statements(line))}, NOTE)


REMEDY = Remedy(
    name="where_for_mask",
    title="Reduce with torch.where instead of a boolean mask",
    kind="rewrite",
    categories=frozenset({"data_dependent_shape", "data_dependent_branch", "tensor_to_python"}),
    propose=propose,
)


def _reduced(place: Place, call: cst.Call) -> str | None:
    """`x[mask].sum()` and its like, over all elements."""
    if not isinstance(call.func, cst.Attribute) or call.args:
        return None
    template, selected = REDUCED.get(call.func.attr.value), call.func.value
    if template is None or not isinstance(selected, cst.Subscript):
        return None
    mask = _mask(place, selected)
    return template.format(x=place.source.code(selected.value), mask=mask) if mask else None


def _assigned(place: Place) -> str | None:
    """`x[mask] = value`, by a value that every element may get."""
    small = small_of(place.statement)
    target = small.targets[0].target if isinstance(small, cst.Assign) else None
    if not isinstance(small, cst.Assign) or not isinstance(target, cst.Subscript):
        return None
    mask = _mask(place, target)
    if mask is None:
        return None
    tensor, value = place.source.code(target.value), small.value
    if isinstance(value, cst.Subscript) and _mask(place, value) == mask:
        value = value.value
    return f"{tensor}.copy_(torch.where({mask}, {place.source.code(value)}, {tensor}))\n"


def _mask(place: Place, node: cst.Subscript) -> str | None:
    """The one index of a subscript, where its text says that it is boolean."""
    index = node.slice[0].slice if len(node.slice) == 1 else None
    if not isinstance(index, cst.Index):
        return None
    value: cst.BaseExpression | None = index.value
    text = place.source.code(index.value)
    if isinstance(value, cst.Name):
        value = value_of(place.source, value.value, node)
    if isinstance(value, cst.Comparison):
        return text if re.fullmatch(r"\w+", text) else f"({text})"
    return text if re.search(r"mask|keep|valid|selected", text) and text.isidentifier() else None
