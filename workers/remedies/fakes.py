"""Fake kernels: what export runs in place of a custom operator, to learn shapes and dtypes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m

from workers.remedies.blocks import after
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import place_of
from workers.remedies.syntax import Source, parse

_OPERATOR = re.compile(r"CustomOpDef\((\w+)::(\w+)\)|^(\w+)\.(\w+)(?:\.\w+)?$|(\w+)::(\w+)")
# What only real data can answer: a fake kernel may not ask for it.
_READS_DATA = re.compile(r"\.(numpy|item|tolist|data_ptr|cpu)\(|\bctypes\b")

_WRONG = frozenset({"mismatched_fake_kernel", "numeric_mismatch"})


@dataclass(frozen=True)
class Kernel:
    """The real kernel of an operator, as the upload has it."""

    operator: str  # ns::name
    path: str
    statement: cst.BaseStatement  # after which a fake kernel can be registered
    definition: cst.FunctionDef | cst.Lambda
    handle: str  # the operator's variable where custom_op made it, else empty


def from_body(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """The kernel's own code as its fake kernel: made of torch's operators, it infers shapes too."""
    if not (name := _named(cause.message)):
        return
    for source, kernel in _kernels(upload):
        if kernel.operator == name and not _READS_DATA.search(source.code(kernel.definition)):
            text = upload.files[kernel.path]
            block = _fake_of(source, kernel)
            yield Edit(
                {kernel.path: after(text, source, kernel.statement, block)},
                note="The operator's own code is its fake kernel as well.",
            )


def like_its_input(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """A fake kernel that gives what looks like the first tensor that comes in."""
    if not (name := _named(cause.message)):
        return
    for source, kernel in _kernels(upload):
        names = _parameters(kernel.definition)
        if kernel.operator == name and names:
            decorator, arguments = _decorator(kernel), ", ".join(names)
            block = f"{decorator}\ndef _({arguments}):\n    return torch.empty_like({names[0]})"
            yield Edit(
                {kernel.path: after(upload.files[kernel.path], source, kernel.statement, block)},
                note=f"Export takes the result to look like {names[0]}.",
            )


def corrected(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """The kernel's own code in place of a fake kernel that disagrees with it."""
    kernels = {(k.path, k.operator): (source, k) for source, k in _kernels(upload)}
    near = _called_near(cause, upload)
    fakes = [found for found in _fakes(upload, kernels) if not near or found[2].operator in near]
    for source, fake, kernel in fakes or list(_fakes(upload, kernels)):
        real = kernel.definition
        if isinstance(real, cst.FunctionDef) and not _READS_DATA.search(source.code(real)):
            new = fake.with_changes(params=real.params, body=_without_docstring(real).body)
            yield Edit(
                {kernel.path: source.replaced({fake: new})},
                note=f"The fake kernel of {kernel.operator} is the operator's own code.",
            )


def _named(message: str) -> str:
    found = _OPERATOR.search(message.partition("\n")[0])
    return "::".join(part for part in found.groups() if part) if found else ""


def _kernels(upload: Upload) -> Iterator[tuple[Source, Kernel]]:
    """The operators that the upload defines, by `custom_op` or by `Library.impl`."""
    for path, text in upload.files.items():
        if "custom_op" not in text and ".impl(" not in text:
            continue
        if (source := parse(text)) is not None:
            yield from ((source, kernel) for kernel in _of_file(path, source))


def _of_file(path: str, source: Source) -> Iterator[Kernel]:
    functions = {n.name.value: n for n in source.module.body if isinstance(n, cst.FunctionDef)}
    libraries: dict[str, str] = {}
    for statement in source.module.body:
        if isinstance(statement, cst.FunctionDef):
            for decorator in statement.decorators:
                if name := _first_text(decorator.decorator, "custom_op"):
                    handle = statement.name.value
                    yield Kernel(name, path, statement, statement, handle)
        for call in m.findall(statement, m.Call()):
            assert isinstance(call, cst.Call)
            if name := _first_text(call, "Library"):
                libraries[_target(statement)] = name
            if (kernel := _implemented(call, libraries, functions)) is not None:
                yield Kernel(kernel[0], path, statement, kernel[1], "")


def _implemented(
    call: cst.Call, libraries: Mapping[str, str], functions: Mapping[str, cst.FunctionDef]
) -> tuple[str, cst.FunctionDef | cst.Lambda] | None:
    """What `LIBRARY.impl("name", kernel, "CPU")` implements, and by which code."""
    name = _first_text(call, "impl")
    if not name or len(call.args) < 2 or not isinstance(call.func, cst.Attribute):
        return None
    owner = call.func.value
    given: cst.CSTNode = call.args[1].value
    if isinstance(given, cst.Name):
        given = functions.get(given.value, given)
    namespace = libraries.get(owner.value, "") if isinstance(owner, cst.Name) else ""
    if not (namespace or "::" in name) or not isinstance(given, cst.FunctionDef | cst.Lambda):
        return None
    return name if "::" in name else f"{namespace}::{name}", given


def _first_text(node: cst.CSTNode, function: str) -> str:
    """The text that is the first argument of a call of this function, else empty."""
    if not isinstance(node, cst.Call) or not node.args:
        return ""
    called, first = node.func, node.args[0].value
    name = called.attr if isinstance(called, cst.Attribute) else called
    if not isinstance(name, cst.Name) or name.value != function:
        return ""
    value = first.evaluated_value if isinstance(first, cst.SimpleString) else ""
    return value if isinstance(value, str) else ""


def _target(statement: cst.CSTNode) -> str:
    found = m.findall(statement, m.AssignTarget(target=m.Name()))
    target = found[0] if found else None
    return (
        target.target.value
        if isinstance(target, cst.AssignTarget) and isinstance(target.target, cst.Name)
        else ""
    )


def _fake_of(source: Source, kernel: Kernel) -> str:
    """The registration of a fake kernel that is the real one's code."""
    real = kernel.definition
    if isinstance(real, cst.FunctionDef):
        fake = _without_docstring(real).with_changes(
            name=cst.Name("_"), decorators=[], leading_lines=[]
        )
        return f"{_decorator(kernel)}\n{source.code(fake).strip()}"
    return f'torch.library.register_fake("{kernel.operator}", {source.code(real)})'


def _decorator(kernel: Kernel) -> str:
    if kernel.handle:
        return f"@{kernel.handle}.register_fake"
    return f'@torch.library.register_fake("{kernel.operator}")'


def _without_docstring(function: cst.FunctionDef) -> cst.FunctionDef:
    if function.get_docstring() is None or len(function.body.body) < 2:
        return function
    return function.with_changes(body=function.body.with_changes(body=function.body.body[1:]))


def _parameters(definition: cst.FunctionDef | cst.Lambda) -> list[str]:
    return [parameter.name.value for parameter in definition.params.params]


def _fakes(
    upload: Upload, kernels: Mapping[tuple[str, str], tuple[Source, Kernel]]
) -> Iterator[tuple[Source, cst.FunctionDef, Kernel]]:
    """The fake kernels that stand beside their real ones."""
    for source, kernel in kernels.values():
        for node in source.module.body:
            if not isinstance(node, cst.FunctionDef):
                continue
            for decorator in node.decorators:
                code = source.code(decorator.decorator)
                by_handle = kernel.handle and code == f"{kernel.handle}.register_fake"
                by_name = _first_text(decorator.decorator, "register_fake") == kernel.operator
                if by_handle or by_name:
                    yield source, node, kernel


def _called_near(cause: Cause, upload: Upload) -> frozenset[str]:
    """The operators that the culprit's function calls."""
    place = place_of(cause, upload)
    around = place.source.function(place.statement) if place else None
    if place is None or around is None:
        return frozenset()
    source = place.source
    called = {source.code(c.func) for c in m.findall(around, m.Call()) if isinstance(c, cst.Call)}
    return frozenset(
        kernel.operator
        for _, kernel in _kernels(upload)
        if kernel.handle in called
        or any(kernel.operator.replace("::", ".") in name for name in called)
    )


FROM_BODY = Remedy(
    "fake_from_kernel",
    "Let the operator's own code be its fake kernel",
    "rewrite",
    frozenset({"missing_fake_kernel"}),
    from_body,
)
LIKE_INPUT = Remedy(
    "fake_like_input",
    "Register a fake kernel that gives what looks like the input",
    "wrap",
    frozenset({"missing_fake_kernel"}),
    like_its_input,
)
CORRECTED = Remedy(
    "fake_corrected",
    "Correct the fake kernel",
    "rewrite",
    _WRONG,
    corrected,
)
