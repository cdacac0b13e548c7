"""GraphDocument: an FX graph as data, the contract between the probe and everything that reads.

The probe writes it next to the user's code (workers/probe/capture.py), so it is parsed as
hostile: every field is typed, unknown fields are refused, lengths are capped. How many nodes there
may be is the reader's to say (STAGELIGHT_GRAPH_NODES). Names may be anything, references may dangle
or go in circles. Stored documents of earlier versions are read by app/graphs/reading.py.

An argument is JSON: numbers, strings, booleans and null stand for themselves, a list for a
list or tuple, and an object with one key for everything else:
`{"node": name}` a reference, `{"sym": text}` a symbolic expression, `{"dtype": "float32"}`,
`{"device": "cpu"}`, `{"layout": …}`, `{"memory_format": …}`, `{"float": "inf"}`,
`{"complex": "(1+2j)"}`, `{"int": "9223372036854775808"}` past 64 bits, `{"graph": name}` a
subgraph, `{"op": "aten.relu.default"}` an operator that another one calls,
`{"slice": [start, stop, step]}`, `{"dict": {…}}`, `{"object": "class name"}` what has no form of
its own.
"""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, FailFast, Field, Strict

VERSION = 2

Text = Annotated[str, Field(max_length=2_000)]
Short = Annotated[str, Field(max_length=400)]
Count = Annotated[int, Field(ge=0)]
Line = Annotated[int, Field(ge=0, lt=2**31)]  # 0: not known; PostgreSQL keeps it in 32 bits

Item = TypeVar("Item")
Items = Annotated[list[Item], FailFast()]  # else a million wrong items are a million complaints


class Record(BaseModel):
    """A frozen value that refuses what it does not know, and numbers that JSON does not have.

    Strict: text is no number and 1 is not true. "9223372036854775808" would else be an integer
    that no database takes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class TensorSpec(Record):
    """A tensor or number at a border. A dimension is an int, or a symbol as text: `s0`.

    Several that come out of one place are named by where they are in it: `[0]`, `['a'][1]`.
    """

    name: Short = ""
    kind: Literal["tensor", "symint", "symfloat", "symbool", "constant", "object"] = "tensor"
    # A factory, here and in Node: defaults are copied, which takes longer than all the rest.
    shape: Annotated[Items[Count | Short], Field(max_length=64)] = Field(default_factory=list)
    dtype: Short = ""
    device: Short = ""
    # Of a tensor that is not contiguous; empty for one that is.
    stride: Annotated[Items[Count | Short], Field(max_length=64)] = Field(default_factory=list)
    layout: Short = ""  # of one that is not strided: sparse_coo
    value: Text = ""  # of a constant or symbol; the class of an object


class SourceFrame(Record):
    """A line of Python. `file` is relative to the upload or to the library's root."""

    file: Short
    line: Line
    function: Short = ""
    text: Text = ""


# Path, class, and which call of the module it is: 0 is the first. A list in JSON.
Module = Annotated[tuple[Short, Short, Count], Strict(False)]


class Node(Record):
    """One node of an FX graph. Its name is the only one of its kind in its body.

    A graph that ends where export failed may call methods and modules. A `get_attr` of a subgraph
    has its name within the body for a target.
    """

    name: Short
    op: Literal["placeholder", "get_attr", "call_function", "call_method", "call_module", "output"]
    target: Text
    args: list[Any] = Field(default_factory=list)
    kwargs: dict[str, Any] = Field(default_factory=dict)
    # What it computes; more than one for a multi-output op.
    values: Items[TensorSpec] = Field(default_factory=list)
    # Outermost first; the root, whose path is empty, is the first.
    modules: Items[Module] = Field(default_factory=list)
    frame: SourceFrame | None = None


class GraphInput(Record):
    """What a placeholder stands for."""

    name: Short
    kind: Literal["parameter", "buffer", "constant", "user_input", "object", "token"]
    target: Short = ""  # the parameter's or buffer's name
    digest: Short = ""  # SHA-256 of a buffer's or constant's bytes, where they are known
    persistent: bool | None = None  # of a buffer: whether it is in the state dict


class GraphOutput(Record):
    """What an output stands for. One value that comes out twice is two outputs with one name."""

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
    """The body of a higher-order op: a branch of cond, the step of a scan.

    One within another is named by both: `true_graph_0.body_graph_0`.
    """

    nodes: Items[Node]


class GraphDocument(Record):
    """One exported graph, version 2."""

    version: Literal[2]
    nodes: Items[Node]
    subgraphs: dict[Short, Subgraph] = {}
    inputs: Items[GraphInput] = []
    outputs: Items[GraphOutput] = []
    symbols: Items[Symbol] = []

    def compute_nodes(self) -> int:
        """How many operations there are, subgraphs included; borders do not count."""
        return sum(node.op.startswith("call_") for nodes in self._bodies() for node in nodes)

    def all_nodes(self) -> int:
        """How many nodes there are, subgraphs and borders included."""
        return sum(map(len, self._bodies()))

    def subgraph_of(self, body: str, node: Node) -> str | None:
        """The subgraph that a `get_attr` in `body` gives; `""` is the graph itself."""
        if node.op != "get_attr":
            return None
        name = f"{body}.{node.target}" if body else node.target
        return name if name in self.subgraphs else None

    def _bodies(self) -> list[list[Node]]:
        return [self.nodes, *(body.nodes for body in self.subgraphs.values())]
