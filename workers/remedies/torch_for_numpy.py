"""NumPy on tensors, replaced by the functions of torch that do the same."""

from collections.abc import Callable, Iterator

import libcst as cst

from workers.remedies.condition import called
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.names import read, stored
from workers.remedies.place import Place, place_of
from workers.remedies.syntax import Change

NOTE = "Computes with torch what NumPy computed; the data stays in tensors."
SAME = frozenset(
    {
        "abs", "exp", "log", "log2", "log1p", "sqrt", "round", "floor", "ceil", "sign", "sin",
        "cos", "tan", "tanh", "sinh", "cosh", "argsort", "argmax", "argmin", "where", "maximum",
        "minimum", "isnan", "isinf", "isfinite", "flip", "stack", "cumsum", "cumprod", "square",
        "outer", "dot", "matmul", "roll", "logical_and", "logical_or", "logical_not", "diff",
        "zeros_like", "ones_like", "full_like", "empty_like", "tile", "trunc", "floor_divide",
        "nan_to_num", "sum", "mean", "prod", "median", "all", "any", "reshape", "squeeze",
    }
)  # fmt: skip
OTHER = {
    "power": "pow", "clip": "clamp", "concatenate": "cat", "max": "amax", "min": "amin",
    "amax": "amax", "amin": "amin", "arctan2": "atan2", "arctan": "atan", "arcsin": "asin",
    "arccos": "acos", "absolute": "abs", "expand_dims": "unsqueeze", "asarray": "as_tensor",
    "array": "as_tensor", "transpose": "permute", "linalg.norm": "linalg.norm", "repeat":
    "repeat_interleave", "subtract": "sub", "multiply": "mul", "divide": "div", "add": "add",
    "swapaxes": "swapaxes", "invert": "logical_not", "ascontiguousarray": "as_tensor",
}  # fmt: skip
BACK = ("torch.from_numpy", "torch.as_tensor", "torch.tensor")
AWAY = ("numpy", "__array__")


def propose(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """The function around the line, with torch where NumPy met a tensor."""
    place = place_of(cause, upload)
    if place is not None:
        changes = _Numpy(place).changes()
        if changes:
            yield place.edit(changes, NOTE)


REMEDY = Remedy(
    name="torch_for_numpy",
    title="Compute with torch instead of NumPy",
    kind="rewrite",
    categories=frozenset({"numpy_conversion", "tensor_to_python", "unsupported_python"}),
    propose=propose,
)


class _Numpy:
    """One function on its way from NumPy to torch; names that hold tensors are followed."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.code = place.source.code
        self.tensors: set[str] = set()

    def changes(self) -> dict[cst.CSTNode, Change]:
        """What to put for each outermost expression that touches NumPy."""
        function = self.place.source.function(self.place.statement)
        lines = [
            node
            for node in self.place.source.ranges
            if isinstance(node, cst.BaseSmallStatement)
            and self.place.source.function(node) is function
            and self.place.source.line(node) >= self.place.line
        ]
        changes: dict[cst.CSTNode, Change] = {}
        for line in sorted(lines, key=self.place.source.line):
            inside = _Rewritten(self, self.place.source.line(line) == self.place.line)
            new = line.visit(inside)
            if inside.touched:
                changes[line] = new
            if inside.touched or read([line]) & self.tensors:
                self.tensors |= stored([line])
        return changes

    def holds(self, node: cst.CSTNode) -> bool:
        """Whether an expression is computed from a tensor, as far as names tell."""
        return bool(read([node]) & self.tensors)


class _Rewritten(cst.CSTTransformer):
    """One statement. `culprit`: its NumPy functions are given tensors themselves."""

    def __init__(self, around: _Numpy, culprit: bool) -> None:
        super().__init__()
        self.around = around
        self.culprit = culprit
        self.touched = False

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802
        name = called(original_node)
        text = self._text(name, original_node, updated_node)
        if text is None:
            return updated_node
        self.touched = True
        return cst.parse_expression(text)

    def _text(self, name: str, old: cst.Call, new: cst.Call) -> str | None:
        code = self.around.code
        if isinstance(new.func, cst.Attribute) and new.func.attr.value in AWAY and not new.args:
            return code(new.func.value)
        module, _, function = name.partition(".")
        if module in ("np", "numpy") and (self.culprit or self._of_tensor(old)):
            return _torch(function, new, code)
        if name == "torch.from_numpy" and self._of_tensor(old):
            return code(new.args[0].value)
        return None

    def _of_tensor(self, call: cst.Call) -> bool:
        return self.touched or any(self.around.holds(argument) for argument in call.args)


def _torch(function: str, call: cst.Call, code: Callable[[cst.CSTNode], str]) -> str | None:
    """The call of torch for a call of NumPy; None where no function is known to be the same."""
    if function == "convolve":
        return _convolve(call, code)
    name = function if function in SAME else OTHER.get(function)
    if name is None:
        return None
    arguments = ", ".join(_argument(argument, code) for argument in call.args)
    return f"torch.{name}({arguments})"


def _argument(argument: cst.Arg, code: Callable[[cst.CSTNode], str]) -> str:
    words = {"axis": "dim", "keepdims": "keepdim", "a_min": "min", "a_max": "max"}
    if argument.keyword is None:
        return code(argument.value)
    return f"{words.get(argument.keyword.value, argument.keyword.value)}={code(argument.value)}"


def _convolve(call: cst.Call, code: Callable[[cst.CSTNode], str]) -> str | None:
    """np.convolve(a, v, mode="same") of an odd v, in NumPy's precision."""
    if len(call.args) != 3 or "same" not in code(call.args[2].value):
        return None
    signal, kernel = (code(argument.value) for argument in call.args[:2])
    return (
        f"torch.nn.functional.conv1d(({signal}).double()[None, None], "
        f"torch.as_tensor({kernel}).double().flip(0)[None, None], padding='same')[0, 0]"
    )
