"""What a module may hold ahead of time, or compute for all ways at once."""

import re
from collections.abc import Iterator

import libcst as cst

from workers.remedies.condition import called
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.names import free, read
from workers.remedies.place import Place, place_of
from workers.remedies.syntax import Change, method_of, small_of

BUFFER = (
    "Reads the number out of the buffer once, when the module is built; a value that is loaded or "
    "set later is not seen."
)
ALL = "Runs every module of the list and picks the wanted result; costs the time of all."
DYNAMIC = "Tells torch that the operator's result has a size that only the data knows."


def propose_buffer(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """The number of a buffer, read in __init__."""
    place = place_of(cause, upload)
    init = _init(place) if place else None
    if place is None or init is None or not isinstance(init.body, cst.IndentedBlock):
        return
    buffers = _buffers(place, init)
    for node in _constants(place, buffers):
        name = free("number", place.source)
        text = place.source.code(node)
        keep = cst.parse_statement(f"self.{name} = ({text}).item()")
        body = init.body.with_changes(body=[*init.body.body, keep])
        changes: dict[cst.CSTNode, Change] = {
            node: cst.parse_expression(f"self.{name}"),
            init: init.with_changes(body=body),
        }
        yield place.edit(changes, BUFFER)


def propose_all(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """All modules of a list run, where one is picked by the number of the line."""
    place = place_of(cause, upload)
    small = small_of(place.statement) if place else None
    if place is None or not isinstance(small, cst.Assign):
        return
    name, source = place.source.code(small.targets[0].target), place.source
    index = _index(place, small.value)
    if index is None:
        return
    changes: dict[cst.CSTNode, Change] = {small.value: cst.parse_expression(index)}
    for call in source.ranges:
        if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Subscript):
            continue
        if source.function(call) is source.function(small):
            modules, picked = source.code(call.func.value), source.code(call.func.slice[0])
            if picked == name and modules.startswith("self."):
                given = ", ".join(source.code(a).rstrip(", ") for a in call.args)
                text = f"torch.stack([one({given}) for one in {modules}])[{name}]"
                changes[call] = cst.parse_expression(text)
    if len(changes) > 1:
        yield place.edit(changes, ALL)


def propose_dynamic(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """In a fake kernel: a size that only the data knows, in place of a number read from it."""
    place = place_of(cause, upload)
    function = place.source.function(place.statement) if place else None
    if place is None or function is None:
        return
    marks = [place.source.code(mark.decorator) for mark in function.decorators]
    if not any(re.search(r"register_fake|impl_abstract", mark) for mark in marks):
        return
    size = cst.parse_expression("torch.library.get_ctx().new_dynamic_size()")
    for node in place.nodes(cst.Subscript, cst.Call):
        ranged = isinstance(node, cst.Subscript) and called(node.value) == "range"
        if ranged or called(node) in ("int", "len") or called(node).endswith("item"):
            yield place.edit({node: size}, DYNAMIC)
            return


OF_BUFFER = Remedy(
    name="number_of_buffer",
    title="Read the buffer's number when the module is built",
    kind="rewrite",
    categories=frozenset({"tensor_to_python", "data_dependent_shape"}),
    propose=propose_buffer,
)
ALL_MODULES = Remedy(
    name="all_modules",
    title="Run all modules of a list and pick one result",
    kind="rewrite",
    categories=frozenset({"tensor_to_python", "data_dependent_branch"}),
    propose=propose_all,
)
DYNAMIC_SIZE = Remedy(
    name="dynamic_size_in_fake",
    title="Give the fake kernel's result a size of its own",
    kind="rewrite",
    categories=frozenset({"tensor_to_python", "data_dependent_shape", "data_dependent_branch"}),
    propose=propose_dynamic,
)


def _init(place: Place) -> cst.FunctionDef | None:
    """The __init__ of the class that the line stands in."""
    klass = place.source.klass(place.statement)
    return method_of(klass, "__init__") if klass else None


def _buffers(place: Place, init: cst.FunctionDef) -> set[str]:
    """The names that __init__ registers buffers under."""
    return set(re.findall(r"register_buffer\(\s*[\"'](\w+)[\"']", place.source.code(init)))


def _constants(place: Place, buffers: set[str]) -> list[cst.BaseExpression]:
    """Of the line: what is computed of one buffer and nothing else, outermost alone."""
    found: list[cst.BaseExpression] = []
    for node in place.nodes(cst.Call, cst.Attribute):
        words = re.match(r"self\.(\w+)", place.source.code(node))
        if not words or words[1] not in buffers or read([node]) != {"self"}:
            continue
        if not any(around in found for around in place.source.ancestors(node)):
            found.append(node)
    return [node for node in found if not _is_called(place, node)]


def _is_called(place: Place, node: cst.CSTNode) -> bool:
    parent = place.source.parents[node]
    return isinstance(parent, cst.Call) and parent.func is node


def _index(place: Place, value: cst.BaseExpression) -> str | None:
    """The tensor that a number is made of: of range(n)[t], int(t) and t.item()."""
    if isinstance(value, cst.Subscript) and called(value.value) == "range":
        return place.source.code(value.slice[0])
    if isinstance(value, cst.Call):
        if called(value) == "int" and len(value.args) == 1:
            return place.source.code(value.args[0].value)
        if isinstance(value.func, cst.Attribute) and value.func.attr.value == "item":
            return place.source.code(value.func.value)
    return None
