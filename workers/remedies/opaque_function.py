"""A function of the script as an operator of its own, which export does not look into."""

from collections.abc import Iterator

import libcst as cst

from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.names import free
from workers.remedies.place import Place, place_of
from workers.remedies.syntax import splice, statements

NOTE = (
    "Makes {name}() an operator that export does not look into, with a result like its argument "
    "{like}; whoever runs the program needs this Python code."
)
PLAIN = {"Tensor", "torch.Tensor", "int", "float", "bool", "str"}


def propose(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """One proposal for each tensor argument that the result may be like."""
    place = place_of(cause, upload)
    function = place.source.function(place.statement) if place else None
    if place is None or function is None or place.source.suite(function) is None:
        return
    if place.source.parents[function] is not place.source.module or function.decorators:
        return
    for like in _tensors(place, function):
        yield _opaque(place, function, like)


REMEDY = Remedy(
    name="function_as_operator",
    title="Hide the function behind an operator of its own",
    kind="wrap",
    categories=frozenset(
        {
            "data_dependent_branch",
            "data_dependent_shape",
            "tensor_to_python",
            "numpy_conversion",
            "unsupported_python",
            "custom_op",
        }
    ),
    propose=propose,
)


def _tensors(place: Place, function: cst.FunctionDef) -> list[str]:
    """The tensor arguments of a function from plain values to a tensor; none of another one."""
    given = function.params
    kinds = [_kind(place, parameter.annotation) for parameter in given.params]
    others = (given.star_kwarg, *given.kwonly_params, *given.posonly_params)
    if any(others) or isinstance(given.star_arg, cst.Param) or function.asynchronous:
        return []
    result = _kind(place, function.returns)
    if result not in ("Tensor", "torch.Tensor") or not set(kinds) <= PLAIN:
        return []
    pairs = zip(given.params, kinds, strict=True)
    return [parameter.name.value for parameter, kind in pairs if kind.endswith("Tensor")]


def _kind(place: Place, annotation: cst.Annotation | None) -> str:
    return place.source.code(annotation.annotation) if annotation else ""


def _opaque(place: Place, function: cst.FunctionDef, like: str) -> Edit:
    name = function.name.value
    plain = free(f"{name}_in_python", place.source)
    words = [parameter.name.value for parameter in function.params.params]
    parameters = place.source.code(function.params)
    text = (
        f'@torch.library.custom_op("opaque::{name}", mutates_args=())\n'
        f"def {name}({parameters}) -> torch.Tensor:\n"
        f"    return {plain}({', '.join(words)}).clone()\n\n\n"
        f"@{name}.register_fake\n"
        f"def _({parameters}) -> torch.Tensor:\n"
        f"    return torch.empty_like({like})\n"
    )
    renamed = function.with_changes(name=cst.Name(plain), leading_lines=())
    change = splice(function, [renamed, *_spaced(text)])
    return place.edit({function: change}, NOTE.format(name=name, like=like))


def _spaced(text: str) -> list[cst.BaseStatement]:
    """The statements, two lines below what is before them."""
    first, *rest = statements(text)
    return [first.with_changes(leading_lines=[cst.EmptyLine(indent=False)] * 2), *rest]
