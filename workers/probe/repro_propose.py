"""Scripts that may fail as the whole does: one statement, one function, one module, the upload.

Small ones come first. None is proven here; each is run, and what does not fail alike is dropped.
"""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, replace
from textwrap import dedent, indent
from typing import Any

from torch import nn

from .call import Call
from .repro_code import CannotWriteError, Coder
from .repro_record import Code, Records, Seen, Spot, code_of_value
from .repro_source import READ_ERRORS, statement_at, without_comments
from .repro_unknown import unknown_lines

_OWN_SCOPE = (ast.Yield, ast.YieldFrom, ast.Await)
_ELSEWHERE = frozenset(("unsupported_input", "dynamic_shape_violation"))  # said of the whole call


@dataclass(frozen=True)
class Wanted:
    """The blocker that a repro is to show."""

    category: str
    text: str
    module: str | None
    module_class: str
    expression: str
    spot: Spot | None

    @property
    def class_name(self) -> str:
        """The own name of the class whose code ran."""
        return self.module_class.rpartition(".")[2] or "Model"


@dataclass(frozen=True)
class Material:
    """All that scripts are made of. `source` is the upload as one file, without its export call;
    empty where it cannot be one. `model` and `inputs` say what it calls them."""

    call: Call
    coder: Coder
    records: Records
    source: str
    source_lines: dict[str, str]  # text of the culprits' files, by their paths
    model: str
    inputs: str
    grad: bool


def scripts(wanted: Wanted, material: Material) -> Iterator[str]:
    """The scripts for one blocker, those that are likely to be small first."""
    for make in (_statement, _function, _modules, _roots):
        try:
            yield from make(wanted, material)
        except (CannotWriteError, *READ_ERRORS):
            continue


def _statement(wanted: Wanted, material: Material) -> Iterator[str]:
    """The culprit's statement alone, with its variables as inputs."""
    spot = wanted.spot
    seen = material.records.seen.get(spot) if spot else None
    if spot is None or seen is None or wanted.category in _ELSEWHERE:
        return
    text = _statement_text(material.source_lines[spot.path], spot.first)
    for wrapper in _wrappers(wanted, seen, material.coder):
        body = wrapper.text(text)
        for source in dict.fromkeys(["", material.source]):
            given = replace(material, source=source)
            yield _script(given, body, f"{wanted.class_name}()", wrapper.inputs)


def _function(wanted: Wanted, material: Material) -> Iterator[str]:
    """The culprit's function alone, called as it was."""
    seen = material.records.seen.get(wanted.spot) if wanted.spot else None
    if seen is None or seen.function is None or not seen.arguments or not seen.arguments[1]:
        return
    if wanted.category in _ELSEWHERE:
        return
    name = material.coder.reference(seen.function)
    called = ", ".join(seen.arguments[0])
    for wrapper in _wrappers(wanted, seen, material.coder):
        text = wrapper.text(f"return {name}({called})", known={name.partition(".")[0]})
        yield _script(material, text, f"{wanted.class_name}()", wrapper.inputs)


def _modules(wanted: Wanted, material: Material) -> Iterator[str]:
    """The culprit's module, and those around it, as they were constructed or as the model has
    them."""
    path = wanted.module
    while path and wanted.category not in _ELSEWHERE:
        given = material.records.inputs.get(path)
        if given is not None:
            module = material.call.model.get_submodule(path)
            try:
                inputs = _inputs(*given)
                taken = f"{material.model}.get_submodule({path!r})" if material.model else ""
                for built in (code_of_value(material.coder, module), taken):
                    if isinstance(built, str) and built:
                        yield _script(material, "", _mode(built, module), inputs)
            except CannotWriteError:
                pass
        path = path.rpartition(".")[0]


def _roots(wanted: Wanted, material: Material) -> Iterator[str]:
    """The whole model: constructed, then as the upload makes it."""
    call, coder = material.call, material.coder
    built = code_of_value(coder, call.model)
    try:
        args = [code_of_value(coder, one) for one in call.args]
        inputs = _inputs(args, {name: code_of_value(coder, v) for name, v in call.kwargs.items()})
        if isinstance(built, str):
            yield _script(material, "", _mode(built, call.model), inputs, whole=True)
        if material.model:
            yield _script(material, "", material.model, inputs, whole=True)
    except CannotWriteError:
        pass
    if material.model and material.inputs:
        yield _script(material, "", material.model, material.inputs, whole=True)


def _mode(built: str, module: nn.Module) -> str:
    return built if module.training else f"{built}.eval()"


def _inputs(args: list[Code], kwargs: dict[str, Code]) -> str:
    """The arguments of an export call: `(torch.rand(2, 3),), {"mask": …}`.

    Raises:
        CannotWriteError: one of them has no code.
    """
    for code in (*args, *kwargs.values()):
        if isinstance(code, CannotWriteError):
            raise code
    given = f"({', '.join(map(str, args))}{',' if len(args) == 1 else ''})"
    if not kwargs:
        return given
    return f"{given}, {{{', '.join(f'{name!r}: {code}' for name, code in kwargs.items())}}}"


def _script(material: Material, body: str, model: str, inputs: str, *, whole: bool = False) -> str:
    """A script of its imports, the upload's definitions, a body and the export call."""
    call, coder = material.call, material.coder
    options = ["strict=True"] if call.strict else []
    if whole and call.dynamic_shapes is not None:
        options.append(f"dynamic_shapes={dynamic_shapes_code(call.dynamic_shapes)}")
    if whole:
        options += [f"{name}={coder.value(value)}" for name, value in _changed(call).items()]
    export = f"torch.export.export(model, {', '.join([inputs, *options])})\n"
    if not material.grad:
        export = f"with torch.no_grad():\n    {export}"
    futures = [line for line in material.source.splitlines() if line.startswith("from __future__")]
    source = "\n".join(
        line for line in material.source.splitlines() if not line.startswith("from __future__")
    )
    heading = [*futures, *coder.imports, "from torch import nn\n"]
    built = "" if model == "model" else f"model = {model}"
    return without_comments("\n".join([*heading, source, body, built, export]))


def _changed(call: Call) -> dict[str, Any]:
    """The export call's other arguments, where they are not what they are by default."""
    return {name: value for name, value in call.extra.items() if value not in (None, False, ())}


def dynamic_shapes_code(value: Any) -> str:
    """The code of a request of dynamic shapes.

    Raises:
        CannotWriteError: there is something else in it.
    """
    if isinstance(value, dict):
        pairs = (f"{key!r}: {dynamic_shapes_code(one)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, tuple | list):
        inner = ", ".join(map(dynamic_shapes_code, value))
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if value is None or isinstance(value, int):
        return repr(value)
    hint: Any = getattr(value, "type", None)
    if getattr(hint, "name", None):  # Dim.AUTO and its like
        return f"torch.export.Dim.{hint.name}"
    if type(value).__name__ == "_DerivedDim":
        root = dynamic_shapes_code(value.root)
        return value.__name__.replace(value.root.__name__, root)  # type: ignore[no-any-return]
    if not hasattr(value, "min"):
        raise CannotWriteError(f"a dynamic shape of {type(value).__name__}")
    bounds = [f"{which}={getattr(value, which)}" for which in ("min", "max") if _told(value, which)]
    return f"torch.export.Dim({', '.join([repr(value.__name__), *bounds])})"


def _told(dim: Any, which: str) -> bool:
    bound = getattr(dim, which, None)
    return isinstance(bound, int) and 0 < bound < 2**31


def _statement_text(text: str, line: int) -> str:
    """A statement on its own; of a compound one the header, with an empty body."""
    one = statement_at(text, line)
    if one is None or any(isinstance(node, _OWN_SCOPE) for node in ast.walk(one.node)):
        raise CannotWriteError("the statement gives a value and goes on")
    lines = text.splitlines()
    body = getattr(one.node, "body", None)
    if not isinstance(body, list):
        return dedent("\n".join(lines[one.first - 1 : one.last]))
    if isinstance(one.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Try):
        raise CannotWriteError("no statement that does something by itself")
    header = dedent("\n".join(lines[one.first - 1 : max(one.first, body[0].lineno - 1)]))
    if body[0].lineno == one.first:
        return header
    before = "if False:\n    pass\n" if header.startswith("elif") else ""
    return f"{before}{header}\n    pass"


class _Wrapper:
    """A module around a statement: tensors come in as inputs, all else is written out. Sizes are
    such as only the data knows where an unbacked symbol stands in the expression.
    """

    def __init__(self, name: str, seen: Seen, coder: Coder, expression: str) -> None:
        self._name = name
        self._seen = seen
        self._coder = coder
        self._expression = expression
        self.inputs = "()"

    def text(self, statement: str, known: set[str] | None = None) -> str:
        """The class.

        Raises:
            CannotWriteError: a name in the statement has no code.
        """
        tree = ast.parse(f"def f():\n{indent(statement, '    ')}")
        names = _free_names(tree, known or set())
        tensors = [name for name in names if name in self._seen.tensors]
        setup, before = [], []
        for name in names:
            if name == "self":
                setup += self._attributes(tree)
            elif name not in tensors:
                before += self._line(name)
        before += unknown_lines(names, self._seen, self._expression)
        self.inputs = _inputs([self._seen.tensors[name] for name in tensors], {})
        init = ["def __init__(self):", "    super().__init__()", *(f"    {line}" for line in setup)]
        forward = f"def forward({', '.join(['self', *tensors])}):"
        body = "\n".join([*before, statement, *_returned(tree, tensors)])
        parts = [*((*init, "") if setup else ()), forward, indent(body, "    ")]
        return f"\n\nclass {self._name}(nn.Module):\n{indent(chr(10).join(parts), '    ')}\n\n"

    def _line(self, name: str) -> list[str]:
        """What defines a variable before the statement; nothing for what stands in the source."""
        if name in self._seen.values:
            code = self._seen.values[name]
            if isinstance(code, CannotWriteError):
                raise code
            return [f"{name} = {code}"]
        if name in self._seen.names:
            return self._global(name, self._seen.names[name])
        raise CannotWriteError(f"{name} is not known")

    def _global(self, name: str, value: Any) -> list[str]:
        home = getattr(value, "__module__", None)
        is_upload = self._seen.names.get("__name__") == "__main__" or home == "__main__"
        if is_upload and not isinstance(value, type(ast)):
            return []  # the source is put before it
        code = self._coder.value(value)
        return [] if code == name else [f"{name} = {code}"]

    def _attributes(self, tree: ast.AST) -> list[str]:
        """What gives `self` the attributes that the statement reads."""
        owner, lines = self._seen.owner, []
        for name in _attributes_of_self(tree):
            value = getattr(owner, name, None)
            if value is None or (callable(value) and not isinstance(value, nn.Module)):
                raise CannotWriteError(f"self.{name} is a method")
            code = self._coder.value(value)
            if owner is not None and name in dict(owner.named_buffers(recurse=False)):
                lines.append(f"self.register_buffer({name!r}, {code})")
            else:
                lines.append(f"self.{name} = {code}")
        return lines


def _wrappers(wanted: Wanted, seen: Seen, coder: Coder) -> Iterator[_Wrapper]:
    """With the sizes that there were; then with sizes such as only the data knows."""
    for expression in dict.fromkeys(["", wanted.expression]):
        yield _Wrapper(wanted.class_name, seen, coder, expression)


def _free_names(tree: ast.AST, known: set[str]) -> list[str]:
    """Names that are read and come from outside, in order."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    read = dict.fromkeys(node.id for node in nodes if isinstance(node.ctx, ast.Load))
    inner = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.comprehension)
        for target in ast.walk(node.target)
        if isinstance(target, ast.Name)
    }
    inner |= {
        one.arg for node in ast.walk(tree) if isinstance(node, ast.Lambda) for one in node.args.args
    }
    changed = {
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    skipped = {*dir(builtins), *inner, *known, "torch", "nn"}
    return [name for name in [*read, *sorted(changed - {*read})] if name not in skipped]


def _attributes_of_self(tree: ast.AST) -> list[str]:
    found = {
        node.attr: None
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    return [*found]


def _returned(tree: ast.AST, tensors: list[str]) -> list[str]:
    """A last line that gives something back, where the statement does not."""
    if any(isinstance(node, ast.Return) for node in ast.walk(tree)) or not tensors:
        return []
    return [f"return {tensors[0]}"]
