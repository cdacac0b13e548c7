"""A typed failure: of one stage, or of the run before any stage."""

from enum import StrEnum
from typing import Any

from sqlalchemy import text as sql_text
from sqlmodel import Field, SQLModel

from app.models.columns import JSON, Word


class Category(StrEnum):
    """What kind of thing stops a model. Nothing is guessed into a box: unknown stays unknown."""

    EAGER_ERROR = "eager_error"  # the model fails without export
    SCRIPT_ERROR = "script_error"  # the script fails before there is a model
    DATA_DEPENDENT_BRANCH = "data_dependent_branch"  # Python branches on a tensor's value
    DATA_DEPENDENT_SHAPE = "data_dependent_shape"  # a shape depends on a tensor's value
    TENSOR_TO_PYTHON = "tensor_to_python"  # .item(), int(), list() where a number is needed
    DYNAMIC_SHAPE_VIOLATION = "dynamic_shape_violation"  # a dynamic dimension was fixed
    UNSUPPORTED_INPUT = "unsupported_input"  # an input that is no pytree of tensors
    UNSUPPORTED_OUTPUT = "unsupported_output"  # an output that is none
    MISSING_FAKE_KERNEL = "missing_fake_kernel"  # a custom op without shape inference
    MISMATCHED_FAKE_KERNEL = "mismatched_fake_kernel"  # its shape inference is wrong
    UNSUPPORTED_PYTHON = "unsupported_python"  # a construct the tracer cannot follow
    NUMPY_CONVERSION = "numpy_conversion"  # tensors leave through numpy
    MUTATION = "mutation"  # state kept on the module while tracing
    CUSTOM_OP = "custom_op"  # an operator that export cannot trace
    SERIALIZATION = "serialization"  # the program cannot be saved and loaded
    NUMERIC_MISMATCH = "numeric_mismatch"  # it exports and computes something else
    TIMEOUT = "timeout"  # the wall-clock limit
    OUT_OF_MEMORY = "out_of_memory"  # MemoryError, or killed at the memory limit
    OUTPUT_LIMIT = "output_limit"  # output, events, graph or artefacts past their cap
    CRASH = "crash"  # the process died, with its signal
    SANDBOX = "sandbox"  # the script needs what the sandbox forbids
    INTERNAL = "internal"  # our fault
    UNKNOWN = "unknown"  # none of these; the raw text says all that is known


class Cause(SQLModel):
    """What failed, where and why. Frames, births and source lines have the shapes of
    workers/events.py.
    """

    category: Category = Field(sa_type=Word(Category))
    exception: str  # class name, with its module
    message: str
    hint: str = ""  # what to do next
    file: str | None = None  # the culprit line: the innermost user frame
    line: int | None = None
    function: str = ""
    text: str = ""  # that line's code
    module: str | None = None  # path of the module whose forward ran it
    module_class: str = Field(default="", sa_column_kwargs={"server_default": sql_text("''")})
    expression: str | None = None  # what could not be decided, `u0 == 1`
    births: list[dict[str, Any]] = Field(  # where its unbacked symbols came from
        default_factory=list, sa_type=JSON, sa_column_kwargs={"server_default": "[]"}
    )
    # What the expression was in the eager run; empty where that is not known.
    value: str = Field(default="", sa_column_kwargs={"server_default": sql_text("''")})
    upload_file: str | None = None  # the innermost frame in the upload, where it is another
    upload_line: int | None = None
    frames: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)  # outermost first
    source: dict[str, Any] | None = Field(default=None, sa_type=JSON)  # lines around the culprit
    stack: str = ""  # the whole traceback as Python prints it
    # Versioned id of the cause, the same in every run, see app/fingerprint.py.
    fingerprint: str | None = Field(default=None, max_length=80, index=True)


class Failure(Cause, table=True):
    """What stopped one stage, or the run before any."""

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE", index=True)
    stage_id: int | None = Field(
        default=None, foreign_key="stage.id", ondelete="CASCADE", unique=True
    )
