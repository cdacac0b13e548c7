"""NumPy arrays among the example inputs: torch.export takes tensors."""

from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.syntax import Change, Source, expression, parse

_INPUT_NAMES = frozenset({"inputs", "example_inputs"})
_GIVERS = frozenset({"get_inputs"})


def as_tensors(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """Tensors at the inputs, and `torch.as_tensor` where the model made tensors of the arrays."""
    if "numpy" not in cause.message or upload.entry not in upload.files:
        return
    changed = {}
    for path, text in upload.files.items():
        if (source := parse(text)) is None:
            continue
        changes = _conversions(source)
        if path == upload.entry:
            inputs = _at_inputs(source)
            if not inputs:
                return
            changes |= inputs
        if changes:
            changed[path] = source.replaced(changes)
    if upload.entry in changed:
        yield Edit(changed, note="The caller passes tensors in place of NumPy arrays.")


def _at_inputs(source: Source) -> dict[cst.CSTNode, Change]:
    """The inputs that may be arrays, each in torch.as_tensor: of a tensor that is the tensor."""
    changes: dict[cst.CSTNode, Change] = {}
    for value in _input_values(source):
        elements = value.elements if isinstance(value, cst.Tuple | cst.List) else ()
        for element in elements:
            code = source.code(element.value)
            if isinstance(element.value, cst.Name) or code.startswith(("np.", "numpy.")):
                changes[element.value] = expression(f"torch.as_tensor({code})")
    return changes


def _input_values(source: Source) -> Iterator[cst.BaseExpression]:
    """The expressions that give the example inputs, in each of the ways a script may be written."""
    for node in m.findall(source.module, m.Assign(targets=[m.AssignTarget(target=m.Name())])):
        assert isinstance(node, cst.Assign)
        if source.code(node.targets[0].target) in _INPUT_NAMES:
            yield node.value
    for node in m.findall(source.module, m.Return()):
        around = source.function(node)
        if isinstance(node, cst.Return) and node.value and around and around.name.value in _GIVERS:
            yield node.value
    for node in m.findall(source.module, m.Call()):
        assert isinstance(node, cst.Call)
        if source.code(node.func).endswith("export.export") and len(node.args) > 1:
            yield node.args[1].value


def _conversions(source: Source) -> dict[cst.CSTNode, Change]:
    """Calls of torch.from_numpy on a function's own parameter, which may be a tensor now."""
    changes: dict[cst.CSTNode, Change] = {}
    for node in m.findall(source.module, m.Call(args=[m.Arg(value=m.Name())])):
        assert isinstance(node, cst.Call)
        around = source.function(node)
        names = {p.name.value for p in around.params.params} if around else set()
        code = source.code(node.args[0].value)
        if source.code(node.func) == "torch.from_numpy" and code in names:
            changes[node] = expression(f"torch.as_tensor({code})")
    return changes


INPUTS = Remedy(
    "numpy_inputs",
    "Pass tensors in place of NumPy arrays",
    "rewrite",
    frozenset({"unsupported_input"}),
    as_tensors,
)
