"""A function of the upload as one operator, which export does not look into.

What the operator gives is learnt while the model is exported: the function runs on stand-ins of
several sizes, and each size of its result is told to be a constant, one of the inputs' sizes, or
only known from the data.
"""

import re
from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from workers.remedies.blocks import after, after_imports
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.place import place_of
from workers.remedies.schema import kind_of, schema_of
from workers.remedies.syntax import Change, Source, method_of, parse, snake_case, statements

NOTE = "Export sees one operator in place of {name}; what loads the program has to define it too."

LEARN = '''
def learn_outputs(function, *inputs):
    """Empty outputs of `function`, with sizes as in runs on stand-ins; for a fake kernel."""
    tensors = [x for x in torch.utils._pytree.tree_leaves(inputs) if torch.is_tensor(x)]
    symbols = {str(n): n for x in tensors for n in x.shape if not isinstance(n, int)}
    runs = []
    with torch.utils._python_dispatch._disable_current_modes(), torch.no_grad():
        for seed in range(4):
            sizes = {name: 3 + 2 * seed + 7 * place for place, name in enumerate(symbols)}
            noise = torch.Generator().manual_seed(seed)

            def stand_in(x):
                shape = [sizes.get(str(n), n) for n in x.shape]
                if x.is_floating_point():  # rows that rise, as the corners of boxes do
                    rows = torch.rand([int(n) for n in shape], generator=noise)
                    return (rows.cumsum(-1) if rows.dim() else rows).to(x.dtype)
                return torch.zeros([int(n) for n in shape], dtype=x.dtype)

            filled = torch.utils._pytree.tree_map_only(torch.Tensor, stand_in, inputs)
            outputs, layout = torch.utils._pytree.tree_flatten(function(*filled))
            runs.append((sizes, outputs))

    def size(place, dim):
        seen = [outputs[place].shape[dim] for _, outputs in runs]
        for name, symbol in symbols.items():
            if seen == [sizes[name] for sizes, _ in runs]:
                return symbol
        return seen[0] if len(set(seen)) == 1 else torch.library.get_ctx().new_dynamic_size()

    learnt = [
        tensors[0].new_empty([size(place, dim) for dim in range(x.dim())], dtype=x.dtype)
        for place, x in enumerate(runs[0][1])
    ]
    return torch.utils._pytree.tree_unflatten(learnt, layout)
'''

_OPERATOR = """{name} = torch.library.custom_op(
    "exportable::{name}",
    {body},
    mutates_args=(),
    schema="{schema}",
)


@{name}.register_fake
def _({names}):
    return learn_outputs({body}, {names})"""


def propose(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """The culprit's function as one operator."""
    place = place_of(cause, upload)
    function = place.source.function(place.statement) if place else None
    if place is None or function is None or function.asynchronous:
        return
    source = place.source
    owner = source.klass(function)
    text = _of_function(source, function) if owner is None else None
    if owner is not None and not _is_root(owner, upload):
        text = _of_method(source, owner, function)
    if text and (whole := after_imports(text, ["import torch"], _learning(text))):
        name = function.name.value if owner is None else f"{owner.name.value}.{function.name.value}"
        yield Edit({place.path: whole}, note=NOTE.format(name=name))


def _learning(text: str) -> str:
    return "" if "def learn_outputs(" in text else LEARN


def _of_function(source: Source, function: cst.FunctionDef) -> str | None:
    """The file with an operator under the name of a function at the left margin."""
    read = schema_of(source, function, {})
    if read is None or function not in source.module.body or function.decorators:
        return None
    name = function.name.value
    operator = _OPERATOR.format(
        name=name, body=f"{name}_in_python", schema=read[1], names=", ".join(read[0])
    )
    block = f"{name}_in_python = {name}\n{operator}"
    return after(source.module.code, source, function, block)


def _of_method(source: Source, owner: cst.ClassDef, method: cst.FunctionDef) -> str | None:
    """The file with an operator below a class, which its method calls."""
    state = _state(source, owner, method)
    read = schema_of(source, method, state) if state is not None else None
    if state is None or read is None or owner not in source.module.body or method.decorators:
        return None
    name = f"{snake_case(owner.name.value)}_{method.name.value.strip('_')}"
    given = [f"self.{n}" if n in state else n for n in read[0]]
    docstring = method.body.body[:1] if method.get_docstring() is not None else ()
    body = [*docstring, *statements(f"return {name}({', '.join(given)})\n")]
    changes: dict[cst.CSTNode, Change] = {
        method: method.with_changes(body=method.body.with_changes(body=body))
    }
    alone = _alone(source, method, f"{name}_in_python", read[0])
    operator = _OPERATOR.format(
        name=name, body=f"{name}_in_python", schema=read[1], names=", ".join(read[0])
    )
    new = parse(source.replaced(changes))
    place = _class(new, owner.name.value) if new else None
    return after(new.module.code, new, place, f"{alone}\n\n\n{operator}") if new and place else None


def _alone(source: Source, method: cst.FunctionDef, name: str, names: list[str]) -> str:
    """A method's code as a function of all that it reads."""
    body = method.body
    if method.get_docstring() is not None:
        body = body.with_changes(body=body.body[1:])
    head = cst.parse_statement(f"def {name}({', '.join(names)}):\n    pass\n")
    assert isinstance(head, cst.FunctionDef)
    code = source.code(head.with_changes(body=body)).strip()
    return re.sub(r"\bself\.(\w+)", r"\1", code)


def _state(source: Source, owner: cst.ClassDef, method: cst.FunctionDef) -> dict[str, str] | None:
    """The numbers of self that a method reads, by name; None where it uses anything else of it."""
    whole = len(m.findall(method.body, m.Name("self")))
    reads = m.findall(method.body, m.Attribute(value=m.Name("self")))
    names = [node.attr.value for node in reads if isinstance(node, cst.Attribute)]
    if whole != len(names):
        return None
    init = method_of(owner, "__init__")
    taken = {p.name.value for p in method.params.params}
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        kind = _number(source, init, name) if init else ""
        if not kind or name in taken:
            return None
        found[name] = kind
    return found


def _number(source: Source, init: cst.FunctionDef, name: str) -> str:
    """The schema's word for `self.<name> = <number or parameter>` in __init__."""
    target = m.Attribute(value=m.Name("self"), attr=m.Name(name))
    for node in m.findall(init, m.Assign(targets=[m.AssignTarget(target=target)])):
        assert isinstance(node, cst.Assign)
        if isinstance(node.value, cst.Float):
            return "float"
        if isinstance(node.value, cst.Integer):
            return "SymInt"
        given = source.code(node.value)
        for parameter in init.params.params:
            kind = kind_of(source, parameter.annotation)
            if parameter.name.value == given and not kind.startswith("Tensor"):
                return kind
    return ""


def _is_root(owner: cst.ClassDef, upload: Upload) -> bool:
    """Whether this is the model itself: an operator that is all of it would export nothing."""
    return str(upload.loaded.get("model_class", "")).rpartition(".")[2] == owner.name.value


def _class(source: Source, name: str) -> cst.ClassDef | None:
    classes = (node for node in source.module.body if isinstance(node, cst.ClassDef))
    return next((node for node in classes if node.name.value == name), None)


REMEDY = Remedy(
    name="opaque_function",
    title="Make the function one operator",
    kind="wrap",
    categories=frozenset(
        {
            "custom_op",
            "data_dependent_branch",
            "data_dependent_shape",
            "tensor_to_python",
            "numpy_conversion",
            "unsupported_python",
            "missing_fake_kernel",
            "unknown",
        }
    ),
    propose=propose,
)
