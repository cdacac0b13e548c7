"""What is written on boxes and edges, and of which family an operation is. Pure."""

from collections.abc import Sequence
from enum import StrEnum

from app.graphs.document import Module, Node
from app.graphs.index import names_within
from app.graphs.listing import spec_text
from app.text import visible

CHARACTERS = 120  # of a line on a box
VALUES = 3  # of a node that are written out


class Family(StrEnum):
    """What an operation is about; each has its own letter and colour in the picture."""

    MATRIX = "matrix"  # convolutions, products, attention
    ELEMENTWISE = "elementwise"
    REDUCTION = "reduction"  # norms, pools, sums, softmax
    SHAPE = "shape"  # views, copies, slices
    CREATION = "creation"
    NUMBER = "number"  # arithmetic on sizes, asserts
    CONTROL = "control"  # runs subgraphs
    OTHER = "other"


_WORDS = {
    Family.NUMBER: "sym_ _assert assert_ item",
    Family.MATRIX: """
        conv linear mm bmm addmm matmul baddbmm einsum scaled_dot _scaled_dot lstm gru bilinear
        embedding""",
    Family.REDUCTION: """
        batch_norm _native_batch_norm native_batch layer_norm native_layer group_norm
        native_group instance_norm rms_norm softmax _softmax log_softmax sum mean max min amax
        amin argmax argmin avg_pool adaptive _adaptive topk sort var std norm linalg all any
        cumsum prod nonzero unique""",
    Family.SHAPE: """
        view _unsafe_view reshape permute transpose t expand unsqueeze squeeze flatten unflatten
        slice select cat stack split chunk unbind clone contiguous to _to_copy detach alias
        lift_fresh copy index gather scatter roll repeat pad constant_pad narrow movedim upsample
        pixel unfold im2col getitem masked_select""",
    Family.CREATION: """
        zeros ones full empty arange rand scalar_tensor eye linspace tril triu new_ bernoulli
        normal dropout""",
}
_BY_WORD = {word: family for family, words in _WORDS.items() for word in words.split()}
_BY_BEGINNING = sorted(
    ((word, family) for word, family in _BY_WORD.items() if len(word) > 3),
    key=lambda pair: -len(pair[0]),
)


def family_of(target: str) -> Family:
    """Of a call, from its target: `aten.conv2d.default`."""
    name = short_target(target)
    if name == "getitem":
        return Family.SHAPE
    for word in ("_operator.", "operator.", "math.", "builtins."):
        if target.startswith(word):
            return Family.NUMBER
    if found := _BY_WORD.get(name):
        return found
    for word, family in _BY_BEGINNING:
        if name.startswith(word):
            return family
    parts = target.split(".")
    if parts[0] in ("aten", "torch", "prims") and len(parts) > 1:
        return Family.ELEMENTWISE
    return Family.OTHER


def short_target(target: str) -> str:
    """The name of an operation without its namespace and overload."""
    parts = target.split(".")
    if len(parts) == 3 and parts[0].isidentifier():
        return parts[1]
    return parts[-1]


def one_line(text: str, limit: int = CHARACTERS) -> str:
    """Text of hostile origin in one line that can be shown."""
    line = " ".join(visible(text[: 2 * limit]).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def module_name(modules: Sequence[Module], around: str) -> str:
    """Modules that have only each other in them, the first as it is named in that around it."""
    return ".".join(names_within(modules, around))


def values_text(node: Node) -> str:
    """What a node computes."""
    some = ", ".join(map(spec_text, node.values[:VALUES]))
    return one_line(f"{some}, …" if len(node.values) > VALUES else some)
