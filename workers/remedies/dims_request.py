"""Asks for the sizes that the code can take, where it asked for more: bounds, multiples, static.

torch's message has them under "Suggested fixes", one name a line:

    frames = 9                     the code fixes it
    words = Dim('words', max=32)   it takes fewer sizes
    batch = 2*_batch               a relation, with a line for _batch

They go into the script where it names the dimension, `Dim("words", …)`, else into the run option
dynamic_shapes.
"""

import ast
import re
from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.syntax import Change, Source, expression, parse

_CONSTANT = re.compile(r"\d+")
_BOUNDS = re.compile(r"Dim\('(\w+)'((?:, m(?:in|ax)=\d+)*)\)")
_RELATION = re.compile(r"(\d+)\*(\w+)(?: ([+-]) (\d+))?|(\w+) ([+-]) (\d+)")
_NAME = re.compile(r"[A-Za-z_]\w*")

_VIOLATION = frozenset({"dynamic_shape_violation"})


def suggestions(message: str) -> dict[str, str]:
    """What torch suggests for each named dimension, as it writes it."""
    _, _, text = message.partition("Suggested fixes:\n")
    found: dict[str, str] = {}
    for line in text.split("\n"):
        name, equals, value = line.strip().partition(" = ")
        if not equals or not _NAME.fullmatch(name):
            break
        found[name] = value.strip()
    return found


def in_the_script(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """The suggestions, where the script has the dimensions that they are about."""
    found = suggestions(cause.message)
    for path, text in upload.files.items():
        source = parse(text) if "Dim(" in text else None
        if source is None:
            continue
        changes: dict[cst.CSTNode, Change] = {}
        said = []
        for call, name in _dims(source):
            if name in found and (new := _suggested(source, call, name, found)):
                changes[call] = expression(new)
                said.append(_in_words(name, found))
        if changes:
            yield Edit({path: source.replaced(changes)}, note=" ".join(dict.fromkeys(said)))


def let_torch_decide(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """Dim.AUTO for the dimensions that torch complains of."""
    found = suggestions(cause.message) or dict.fromkeys(_complained(cause.message), "")
    for path, text in upload.files.items():
        source = parse(text) if "Dim(" in text else None
        if source is None:
            continue
        changes: dict[cst.CSTNode, Change] = {
            call: expression(f"{source.code(call.func)}.AUTO")
            for call, name in _dims(source)
            if name in found
        }
        if changes:
            note = "torch decides which sizes these dimensions may have, static ones included."
            yield Edit({path: source.replaced(changes)}, note=note)


def as_an_option(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """The suggestions as the run option dynamic_shapes; relations become Dim.AUTO."""
    shapes: object = upload.options.dynamic_shapes
    if shapes is None:
        shapes = shapes_as_json(upload.loaded.get("dynamic_shapes", ""))
    found = suggestions(cause.message)
    if shapes is None or not found:
        return
    changed = _with_suggestions(shapes, found)
    if changed != shapes:
        note = " ".join(_in_words(name, found) for name in found if not name.startswith("_"))
        yield Edit(options={"dynamic_shapes": changed}, note=note)


def defer_asserts(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """Have what torch cannot state of the dimensions checked while the program runs."""
    for path, text in upload.files.items():
        source = parse(text) if "export(" in text else None
        if source is None:
            continue
        flag = "prefer_deferred_runtime_asserts_over_guards"
        for call in m.findall(source.module, m.Call()):
            if (
                isinstance(call, cst.Call)
                and source.code(call.func).endswith("export.export")
                and flag not in source.code(call)
            ):
                new = f"{source.code(call)[:-1].rstrip().rstrip(',')}, {flag}=True)"
                text = source.replaced({call: expression(new)})
                yield Edit({path: text}, note="Relations between sizes are checked at run time.")


def shapes_as_json(text: str) -> object | None:
    """dynamic_shapes, from Python's print to the run option; None where that cannot say it."""
    try:
        return _json(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _json(node: ast.expr) -> object:
    match node:
        case ast.Constant(value=None):
            return None
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return [_json(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {
                str(ast.literal_eval(k)): _json(v) for k, v in zip(keys, values, strict=True) if k
            }
        case ast.Call(func=ast.Name(id="Dim"), args=[ast.Constant(value=name)], keywords=bounds):
            limits = {b.arg: ast.literal_eval(b.value) for b in bounds if b.arg in ("min", "max")}
            return {"name": name, **limits} if limits else name
        case ast.Attribute(attr=word) if word in ("AUTO", "DYNAMIC", "STATIC"):
            return word
    raise ValueError(ast.dump(node))


def _dims(source: Source) -> Iterator[tuple[cst.Call, str]]:
    """Calls of Dim with a name in quotes."""
    for call in m.findall(source.module, m.Call(args=[m.AtLeastN(n=1)])):
        assert isinstance(call, cst.Call)
        first = call.args[0].value
        if source.code(call.func).rpartition(".")[2] == "Dim" and isinstance(
            first, cst.SimpleString
        ):
            yield call, str(first.evaluated_value)


def _suggested(source: Source, call: cst.Call, name: str, found: dict[str, str]) -> str:
    """The code for one suggestion; empty where it is of no kind that is known."""
    value, function = found[name], source.code(call.func)
    if _CONSTANT.fullmatch(value):
        return f"{function}.STATIC"
    if bounds := _BOUNDS.fullmatch(value):
        limits = dict(part.split("=") for part in bounds[2].split(", ") if part)
        mine = {a.keyword.value: source.code(a.value) for a in call.args if a.keyword}
        merged = ", ".join(f"{k}={v}" for k, v in {**mine, **limits}.items())
        return f"{function}({source.code(call.args[0].value)}{', ' if merged else ''}{merged})"
    if (relation := _RELATION.fullmatch(value)) and (base := relation[2] or relation[5]):
        root = found.get(base, f"Dim('{base}')")
        if _BOUNDS.fullmatch(root):
            return re.sub(rf"\b{base}\b", root.replace("Dim", function, 1), value)
    return ""


def _with_suggestions(shapes: object, found: dict[str, str]) -> object:
    if isinstance(shapes, list):
        return [_with_suggestions(item, found) for item in shapes]
    name = shapes.get("name") if isinstance(shapes, dict) else shapes
    if isinstance(name, str) and name in found:
        return _option(name, shapes, found[name])
    if isinstance(shapes, dict):
        return {key: _with_suggestions(value, found) for key, value in shapes.items()}
    return shapes


def _option(name: str, old: object, value: str) -> object:
    if _CONSTANT.fullmatch(value):
        return None
    if bounds := _BOUNDS.fullmatch(value):
        limits = dict(part.split("=") for part in bounds[2].split(", ") if part)
        mine = old if isinstance(old, dict) else {"name": name}
        return {**mine, **{key: int(number) for key, number in limits.items()}}
    return "AUTO"


def _complained(message: str) -> list[str]:
    found = re.search(r"Constraints violated \(([\w, ]+)\)", message)
    return found[1].split(", ") if found else []


def _in_words(name: str, found: dict[str, str]) -> str:
    value = found[name]
    if _CONSTANT.fullmatch(value):
        return f"{name} is fixed at {value}: the program takes no other size."
    return f"{name} is asked for as the code takes it: {value}."


BOUNDS = Remedy(
    "suggested_bounds",
    "Ask for the sizes that the code takes",
    "request",
    _VIOLATION,
    in_the_script,
)
OPTION = Remedy(
    "suggested_bounds_option",
    "Ask for the sizes that the code takes, by the option dynamic_shapes",
    "request",
    _VIOLATION,
    as_an_option,
)
AUTO = Remedy(
    "dim_auto",
    "Let torch decide with Dim.AUTO",
    "request",
    _VIOLATION,
    let_torch_decide,
)
DEFERRED = Remedy(
    "deferred_asserts",
    "Check relations between sizes at run time",
    "request",
    _VIOLATION,
    defer_asserts,
)
