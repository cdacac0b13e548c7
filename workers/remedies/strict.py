"""Exports by the other front end: strict, TorchDynamo reads Python; non-strict, Python runs."""

from collections.abc import Iterator

from workers.remedies.model import Cause, Edit, Remedy, Upload

# What only TorchDynamo translates. Of the data it knows as little as the other.
_FOR_STRICT = frozenset({"numpy_conversion", "unsupported_python", "unsupported_output", "unknown"})
_FOR_BOTH = _FOR_STRICT | {
    "data_dependent_branch",
    "data_dependent_shape",
    "tensor_to_python",
    "mutation",
    "unsupported_input",
    "missing_fake_kernel",
    "custom_op",
    "dynamic_shape_violation",
}


def other_mode(cause: Cause, upload: Upload) -> Iterator[Edit]:
    """strict=False where the script is strict; strict=True where TorchDynamo may know more."""
    asked = upload.options.strict
    strict = upload.loaded.get("strict", False) if asked is None else asked
    if strict:
        yield Edit(options={"strict": False}, note="Python runs the model, TorchDynamo does not.")
    elif cause.category in _FOR_STRICT:
        yield Edit(options={"strict": True}, note="TorchDynamo reads the model's Python code.")


STRICT = Remedy(
    "other_mode",
    "Export with the other value of strict",
    "request",
    _FOR_BOTH,
    other_mode,
)
