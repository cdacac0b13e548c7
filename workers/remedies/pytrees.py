"""Inputs and outputs of classes that torch.export does not look into."""

import re
from collections.abc import Iterator

import libcst as cst

from workers.remedies.blocks import after, after_imports
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import place_of
from workers.remedies.syntax import Source, expression, parse, snake_case

_CLASS = re.compile(r"<class '([A-Za-z_][\w.]*)'>")
_ITERABLES = frozenset(
    {
        "set",
        "frozenset",
        "dict_keys",
        "dict_values",
        "dict_items",
        "generator",
        "map",
        "filter",
        "zip",
        "reversed",
    }
)

_DATACLASS = """torch.export.register_dataclass({name})"""

_PLAIN = '''def flatten_{lower}(value):
    """Take {name} apart: its attributes, and their names."""
    return list(vars(value).values()), list(vars(value))


def flatten_{lower}_with_keys(value):
    """The same, each attribute with the key that error messages show."""
    keys = [torch.utils._pytree.GetAttrKey(name) for name in vars(value)]
    return list(zip(keys, vars(value).values())), list(vars(value))


def unflatten_{lower}(values, names):
    """Put {name} together; its __init__ is not run."""
    value = {name}.__new__({name})
    vars(value).update(zip(names, values))
    return value


torch.utils._pytree.register_pytree_node(
    {name},
    flatten_{lower},
    unflatten_{lower},
    serialized_type_name="{path}",
    flatten_with_keys_fn=flatten_{lower}_with_keys,
)'''


def register_class(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """Tell torch's pytree of the class, below its definition or, for a library's, in the entry."""
    found = _CLASS.search(cause.message)
    module, _, name = found[1].rpartition(".") if found else ("", "", "")
    if not module or module in ("builtins", "numpy"):
        return
    for path in _files_of(module, upload):
        source = parse(upload.files[path])
        if source and (text := _registered(upload.files[path], source, name)):
            yield Edit({path: text}, note=_note(name))
            return
    if module != "__main__" and upload.entry in upload.files:
        block = _PLAIN.format(name=name, lower=snake_case(name), path=f"{module}.{name}")
        imports = ["import torch", f"from {module} import {name}"]
        if text := after_imports(upload.files[upload.entry], imports, block):
            yield Edit({upload.entry: text}, note=_note(name))


def return_a_tuple(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """Put what a return gives as a set, a view of a dict or a generator into a tuple."""
    found, place = _CLASS.search(cause.message), place_of(cause, upload)
    if not found or found[1] not in _ITERABLES or place is None:
        return
    statement, source = place.statement, place.source
    if not isinstance(statement, cst.SimpleStatementLine):
        return
    for small in statement.body:
        if isinstance(small, cst.Return) and small.value is not None:
            value = _as_tuple(source, small.value)
            if value is not None:
                text = source.replaced({small.value: value})
                yield Edit({place.path: text}, note=f"The caller gets a tuple, not a {found[1]}.")


def _as_tuple(source: Source, value: cst.BaseExpression) -> cst.BaseExpression | None:
    """The same elements in the order that the code names them; None where it names none."""
    if isinstance(value, cst.Set):
        elements = ", ".join(source.code(element.value) for element in value.elements)
        return expression(f"({elements},)")
    if isinstance(value, cst.Call):
        inner, name = value.args[:1], source.code(value.func)
        if name in ("set", "frozenset") and inner:
            return expression(f"tuple({source.code(inner[0].value)})")
        return expression(f"tuple({source.code(value)})")
    if isinstance(value, cst.GeneratorExp):
        return expression(f"tuple{source.code(value)}") if value.lpar else None
    return None


def _files_of(module: str, upload: Upload) -> Iterator[str]:
    """Files of the upload that may be this module, the likeliest first."""
    if module == "__main__":
        yield from [upload.entry] if upload.entry in upload.files else []
        return
    stem = module.replace(".", "/")
    for ending in (f"{stem}.py", f"{stem}/__init__.py"):
        yield from (path for path in upload.files if f"/{path}".endswith(f"/{ending}"))


def _registered(text: str, source: Source, name: str) -> str | None:
    """The file with the class registered below its definition; None where it is not at its top."""
    defined = (
        node
        for node in source.module.body
        if isinstance(node, cst.ClassDef) and node.name.value == name
    )
    if (node := next(defined, None)) is None:
        return None
    is_dataclass = any("dataclass" in source.code(d.decorator) for d in node.decorators)
    block = (_DATACLASS if is_dataclass else _PLAIN).format(
        name=name, lower=snake_case(name), path=name
    )
    new = parse(after(text, source, node, block))
    return after_imports(new.module.code, ["import torch"], "") if new else None


def _note(name: str) -> str:
    return f"torch's pytree learns how {name} is taken apart and put together."


REGISTER = Remedy(
    "register_class",
    "Register the class with torch's pytree",
    "rewrite",
    frozenset({"unsupported_input", "unsupported_output"}),
    register_class,
)
TUPLE = Remedy(
    "return_a_tuple",
    "Return a tuple",
    "rewrite",
    frozenset({"unsupported_output"}),
    return_a_tuple,
)
