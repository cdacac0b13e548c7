"""The first value of a state as code that __init__ can run: no input is there yet.

torch.zeros_like(video[:, :, :2])  ->  torch.zeros_like(torch.zeros(1, 3, 8, 64, 64)[:, :, :2])
"""

import builtins
from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from workers.remedies.model import Upload
from workers.remedies.syntax import Change, Source, expression

_NUMBERS = (cst.Integer, cst.Float)
_DTYPE = "float32"  # torch.zeros gives it by itself


def initial_value(
    source: Source, owner: cst.ClassDef, name: str, given: cst.BaseExpression, upload: Upload
) -> str | None:
    """The code of the first value of `self.<name>`; None where it is not known before a call.

    Args:
        given: what __init__ assigns now: None, or the value itself.
    """
    if isinstance(given, _NUMBERS):
        return None  # a Python number is no tensor: torch keeps no state of it
    if not m.matches(given, m.Name("None")):
        return source.code(given)
    for value, function in _first_values(source, owner, name):
        if (code := _before_any_call(source, value, function, owner, upload)) is not None:
            return code
    return None


def _first_values(
    source: Source, owner: cst.ClassDef, name: str
) -> Iterator[tuple[cst.BaseExpression, cst.FunctionDef]]:
    """What methods take where `self.<name>` is None."""
    for choice in m.findall(owner, m.IfExp()):
        assert isinstance(choice, cst.IfExp)
        asked, around = source.code(choice.test), source.function(choice)
        if around and asked == f"self.{name} is None":
            yield choice.body, around
        elif around and asked == f"self.{name} is not None":
            yield choice.orelse, around
    target = m.Attribute(value=m.Name("self"), attr=m.Name(name))
    for branch in m.findall(owner, m.If(orelse=None)):
        assert isinstance(branch, cst.If)
        around = source.function(branch)
        if around is None or source.code(branch.test) != f"self.{name} is None":
            continue
        made = m.Assign(targets=[m.AssignTarget(target=target)])
        found = m.findall(branch.body, made)
        if len(branch.body.body) == 1 and len(found) == 1:
            assert isinstance(found[0], cst.Assign)
            yield found[0].value, around


def _before_any_call(
    source: Source,
    value: cst.BaseExpression,
    function: cst.FunctionDef,
    owner: cst.ClassDef,
    upload: Upload,
) -> str | None:
    """The value's code with zeros of the run's sizes in place of the inputs that it reads."""
    shapes = _inputs(function, upload) if _is_root(owner, upload) else {}
    known = _top_names(source) | frozenset(dir(builtins)) | {"self"}
    changes: dict[cst.CSTNode, Change] = {}
    for node in _names(source, value):
        if node.value in shapes:
            changes[node] = expression(shapes[node.value])
        elif node.value not in known:
            return None
    if value in changes:
        return source.code(changes[value])  # type: ignore[arg-type]
    code = _Plain(changes)
    return source.code(value.visit(code))  # type: ignore[arg-type]


class _Plain(cst.CSTTransformer):
    def __init__(self, changes: dict[cst.CSTNode, Change]) -> None:
        super().__init__()
        self.changes = changes

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> Change:  # type: ignore[override]
        return self.changes.get(original_node, updated_node)


def _names(source: Source, value: cst.BaseExpression) -> Iterator[cst.Name]:
    """The names that an expression reads; attributes and keywords are none."""
    for node in m.findall(value, m.Name()):
        parent = source.parents.get(node)
        is_attribute = isinstance(parent, cst.Attribute) and parent.attr is node
        is_keyword = isinstance(parent, cst.Arg) and parent.keyword is node
        if isinstance(node, cst.Name) and not is_attribute and not is_keyword:
            yield node


def _is_root(owner: cst.ClassDef, upload: Upload) -> bool:
    return str(upload.loaded.get("model_class", "")).rpartition(".")[2] == owner.name.value


def _inputs(function: cst.FunctionDef, upload: Upload) -> dict[str, str]:
    """Zeros like each input of the run, as code, by the parameter of forward that takes it."""
    if function.name.value != "forward":
        return {}
    found = {}
    for place, parameter in enumerate(function.params.params[1:]):
        name = parameter.name.value
        for spec in upload.inputs:
            if spec.get("name") in (name, f"args[{place}]", f"kwargs['{name}']"):
                shape = spec.get("shape") or ["?"]
                if spec.get("kind", "tensor") == "tensor" and all(type(n) is int for n in shape):
                    found[name] = _zeros(shape, str(spec.get("dtype", _DTYPE)))
    return found


def _zeros(shape: list[object], dtype: str) -> str:
    sizes = ", ".join(str(size) for size in shape)
    kind = dtype.removeprefix("torch.")
    return (
        f"torch.zeros({sizes})" if kind == _DTYPE else f"torch.zeros({sizes}, dtype=torch.{kind})"
    )


def _top_names(source: Source) -> frozenset[str]:
    """The names that the file's own statements make."""
    names = set()
    for statement in source.module.body:
        if isinstance(statement, cst.FunctionDef | cst.ClassDef):
            names.add(statement.name.value)
            continue
        for target in m.findall(statement, m.AssignTarget(target=m.Name()) | m.ImportAlias()):
            if isinstance(target, cst.ImportAlias):
                name = target.evaluated_alias or target.evaluated_name
                names.add(name.partition(".")[0])
            elif isinstance(target, cst.AssignTarget) and isinstance(target.target, cst.Name):
                names.add(target.target.value)
    return frozenset(names)
