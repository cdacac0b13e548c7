"""GraphDocument: an FX graph as data, the contract between the probe and everything that reads.

The probe writes it next to the user's code (workers/probe/capture.py), so it is parsed as
hostile: every field is typed, unknown fields are refused, lengths are capped.

An argument is JSON: numbers, strings, booleans and null stand for themselves, a list for a
list or tuple, and an object with one key for everything else:
`{"node": name}` a reference, `{"sym": text}` a symbolic expression, `{"dtype": "float32"}`,
`{"device": "cpu"}`, `{"layout": …}`, `{"memory_format": …}`, `{"float": "inf"}`,
`{"int": "9223372036854775808"}` past 64 bits,
`{"graph": name}` a subgraph, `{"slice": [start, stop, step]}`, `{"dict": {…}}`,
`{"object": "class name"}` what has no form of its own.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

VERSION = 1

Text = Annotated[str, Field(max_length=2_000)]
Short = Annotated[str, Field(max_length=400)]


class Record(BaseModel):
    """A frozen value that refuses what it does not know, and numbers that JSON does not have."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TensorSpec(Record):
    """A tensor or number at a border. A dimension is an int, or a symbol as text: `s0`."""

    name: Short = ""
    kind: Literal["tensor", "symint", "symfloat", "symbool", "constant", "object"] = "tensor"
    shape: Annotated[list[int | Short], Field(max_length=64)] = []
    dtype: Short = ""
    device: Short = ""
    value: Text = ""  # of a constant or symbol; the class of an object


class SourceFrame(Record):
    """A line of Python. `file` is relative to the upload or to the library's root."""

    file: Short
    line: int
    function: Short = ""
    text: Text = ""


class Node(Record):
    """One node of an FX graph."""

    name: Short
    op: Literal["placeholder", "get_attr", "call_function", "output"]
    target: Text
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    values: list[TensorSpec] = []  # what it computes; more than one for a multi-output op
    modules: list[tuple[Short, Short]] = []  # (path, class), outermost first
    frame: SourceFrame | None = None


class GraphInput(Record):
    """What a placeholder stands for."""

    name: Short
    kind: Literal["parameter", "buffer", "constant", "user_input", "object", "token"]
    target: Short = ""  # the parameter's or buffer's name


class GraphOutput(Record):
    """What an output stands for."""

    name: Short
    kind: Literal["user_output", "loss", "mutation", "gradient", "token"]
    target: Short = ""  # the buffer or input that is mutated


class Symbol(Record):
    """A dimension's symbol with its range; bounds are text, for they may be infinite."""

    name: Short
    lower: Short
    upper: Short
    meaning: Short = ""  # `video.shape[2]`


class Subgraph(Record):
    """The body of a higher-order op: a branch of cond, the step of a scan."""

    nodes: list[Node]


class GraphDocument(Record):
    """One exported graph, version 1."""

    version: Literal[1]
    nodes: list[Node]
    subgraphs: dict[Short, Subgraph] = {}
    inputs: list[GraphInput] = []
    outputs: list[GraphOutput] = []
    symbols: list[Symbol] = []

    def compute_nodes(self) -> int:
        """How many operations there are, subgraphs included; borders do not count."""
        bodies = [self.nodes, *(body.nodes for body in self.subgraphs.values())]
        return sum(node.op == "call_function" for nodes in bodies for node in nodes)
