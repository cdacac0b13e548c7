"""Which kind of thing stopped the model: one category of app/models/failure.py, or unknown.

Decided by what torch raised and by which of its frames the user's line called, never by the
wording of the user's code. What matches nothing stays unknown.
"""

import re
from collections.abc import Sequence

from .frames import Frame

# What Python calls when a number or a truth value is wanted of a tensor or a symbol.
_TO_BRANCH = frozenset({"__bool__", "bool_", "guard_bool"})
_TO_NUMBER = frozenset({"__int__", "__float__", "__index__", "int_", "guard_int", "guard_float"})
# Frames that only carry the question, whoever asked it.
_CARRIERS = ("fx/experimental/", "_export/", "overrides.py", "_ops.py", "torch/__init__.py")

_ALLOCATION = re.compile(r"can't allocate memory|not enough memory|Cannot allocate memory")

_BY_CLASS = {
    "ConstraintViolationError": "dynamic_shape_violation",
    "DynamicOutputShapeException": "data_dependent_shape",
    "MetadataMismatchError": "mismatched_fake_kernel",
    "UnsupportedOperatorException": "missing_fake_kernel",
}

_BY_MESSAGE = tuple(
    (re.compile(pattern), category)
    for pattern, category in (
        (r"Constraints violated", "dynamic_shape_violation"),
        (r"in output, which is not a known type|[Uu]nsupported output type", "unsupported_output"),
        (r"Unsupported input type", "unsupported_input"),
        (r"no fake impl|from the 'Meta' backend|register_fake", "missing_fake_kernel"),
        (r"\.numpy\(\)|numpy.ndarray|__array__", "numpy_conversion"),
        (r"aten\.(allclose|equal|is_nonzero)", "data_dependent_branch"),
        (r"data is not allocated yet|calling \.item\(\) on a Tensor", "tensor_to_python"),
        (r"Cannot access data pointer of Tensor", "custom_op"),
        (r"leaf Variable that requires grad is being used in an in-place", "mutation"),
        (r"do not support input mutation|input mutation during higher order op", "mutation"),
        (r"fake tensor in the exported program constant", "mutation"),
        (r"expected FakeTensor, got <class 'NoneType'>", "mutation"),
        (r"Creating a new Tensor subclass \w+ but", "unsupported_python"),
        (r"unhashable type: .*Sym(Int|Float|Bool)", "unsupported_python"),
        (r"assigned during export|Mutating module attribute|mutat\w+ .*attribute", "mutation"),
        (r"[Dd]ata-dependent (branching|jump|control flow)", "data_dependent_branch"),
        (r"cannot be used as inputs to control flow", "data_dependent_branch"),
        (r"nonzero.*data-dependent|[Dd]ynamic shape operator", "data_dependent_shape"),
        (r"[Dd]ata-dependent|Tensor\.item|_local_scalar_dense", "tensor_to_python"),
    )
)


def category_of(error: BaseException, below: Sequence[Frame]) -> str:
    """The category of what export raised.

    Args:
        error: the exception, with its causes.
        below: the frames that the culprit line called, outermost first.
    """
    chain = chain_of(error)
    if any(is_out_of_memory(link) for link in chain):
        return "out_of_memory"
    names = [type(link).__name__ for link in chain]
    if "GuardOnDataDependentSymNode" in names:
        return _data_dependent(below)
    for name in names:
        if name in _BY_CLASS:
            return _BY_CLASS[name]
    for link in chain:
        for pattern, category in _BY_MESSAGE:
            if pattern.search(str(link)):
                return category
    return "unsupported_python" if "Unsupported" in names else "unknown"


def is_out_of_memory(error: BaseException) -> bool:
    """MemoryError, or torch's own way of saying it."""
    return isinstance(error, MemoryError) or bool(
        isinstance(error, RuntimeError) and _ALLOCATION.search(str(error))
    )


def chain_of(error: BaseException) -> list[BaseException]:
    """The exception and what it came from, as Python would print them, outermost first."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return chain


def _data_dependent(below: Sequence[Frame]) -> str:
    """A branch, a number for Python, or a shape inside one of torch's operators."""
    asked = {frame.function.rpartition(".")[2] for frame in below}
    if "__torch_dispatch__" in asked or any(not _carries(frame) for frame in below):
        return "data_dependent_shape"
    if asked & _TO_NUMBER:
        return "tensor_to_python"
    return "data_dependent_branch" if asked & _TO_BRANCH else "data_dependent_shape"


def _carries(frame: Frame) -> bool:
    return frame.where == "python" or any(part in frame.file for part in _CARRIERS)
