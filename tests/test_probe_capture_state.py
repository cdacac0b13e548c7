"""Capture of what a program holds and changes: buffers, constants, tokens, objects."""

import hashlib
import warnings
from pathlib import Path

import pytest
import torch
from torch import nn
from torch._library.fake_class_registry import FakeScriptObject

from app.graphs.document import GraphDocument, GraphInput
from tests.capture_support import calls, captured, failed_graph_of, graph_of, named
from tests.stage_support import Wrap
from workers.probe.capture import capture_partial
from workers.probe.decomposed import decompose
from workers.probe.digests import Digests
from workers.probe.frames import Places
from workers.probe.torch_partial import Partial

X = torch.rand(4, 4)


class Counting(nn.Module):
    """Changes a buffer and an input; holds a buffer that is not saved and a constant."""

    kept: torch.Tensor
    scratch: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kept", torch.zeros(2))
        self.register_buffer("scratch", torch.arange(6.0).reshape(2, 3).T, persistent=False)
        self.constant = torch.tensor([1.5, 2.5])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.kept.add_(1)
        x.mul_(2)
        return x.sum() + self.scratch.sum() + self.kept + self.constant + torch.tensor([3.0, 4.0])


def inputs_of(graph: GraphDocument) -> dict[str, GraphInput]:
    return {item.target or item.name: item for item in graph.inputs}


def test_buffers_and_constants_have_digests_of_their_elements_in_order() -> None:
    model = Counting()
    graph = graph_of(model, X.clone())
    inputs = inputs_of(graph)
    assert [inputs[name].persistent for name in ("kept", "scratch", "constant")] == [
        True,
        False,
        None,
    ]
    elements = {"kept": [0.0, 0.0], "scratch": [0.0, 3.0, 1.0, 4.0, 2.0, 5.0],
                "constant": [1.5, 2.5], "lifted_tensor_0": [3.0, 4.0]}  # fmt: skip
    for name, values in elements.items():
        data = torch.tensor(values).numpy().tobytes()
        assert inputs[name].digest == hashlib.sha256(data).hexdigest(), name
    assert inputs["x"].digest == ""
    scratch = named(graph, inputs["scratch"].name).values[0]
    assert (scratch.shape, scratch.stride) == ([3, 2], [1, 3])


def test_what_is_changed_is_named_as_the_input_that_it_is() -> None:
    graph = captured(decompose(torch.export.export(Counting(), (X.clone(),))))
    mutations = {item.target: item.name for item in graph.outputs if item.kind == "mutation"}
    assert set(mutations) == {"kept", "x"}
    assert named(graph, mutations["kept"]).target.startswith("aten.add")
    assert named(graph, mutations["x"]).target.startswith("aten.mul")


def test_the_digest_tells_two_buffers_apart() -> None:
    def digest(value: float) -> str:
        norm = nn.BatchNorm1d(4)
        assert norm.running_mean is not None
        norm.running_mean.fill_(value)
        return inputs_of(graph_of(norm, X))["running_mean"].digest

    assert digest(1.0) == digest(1.0) != digest(2.0)


def dtype_of(name: str) -> torch.dtype:
    """Of those that torch's types do not list."""
    dtype = getattr(torch, name)
    assert isinstance(dtype, torch.dtype)
    return dtype


def quantised() -> torch.Tensor:
    with warnings.catch_warnings(category=UserWarning, action="ignore"):  # of their end
        return torch._empty_affine_quantized([3], scale=0.5, zero_point=0, dtype=torch.qint8)


ODD = {
    "bfloat16": torch.ones(3, dtype=torch.bfloat16),
    "complex": torch.ones(3, dtype=torch.complex64).conj(),
    "float8": torch.ones(3).to(torch.float8_e4m3fn),
    "number": torch.tensor(3),
    "empty": torch.ones(0, 3),
    "slices": torch.arange(12.0).reshape(3, 4)[:, ::2],
    "int4": torch.ones(2, dtype=torch.uint8).view(dtype_of("int4")),
    "bits": torch.ones(2, dtype=torch.uint8).view(dtype_of("bits8")),
    "float4": torch.ones(2, dtype=torch.uint8).view(dtype_of("float4_e2m1fn_x2")),
}
UNKNOWN = {
    "meta": torch.ones(3, device="meta"),
    "sparse": torch.ones(3, 3).to_sparse(),
    "quantised": quantised(),
    "nested": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged),
    "text": "no tensor",
}


@pytest.mark.parametrize("name", ODD)
def test_any_dtype_and_stride_has_a_digest(name: str) -> None:
    plain = ODD[name].resolve_conj().contiguous().reshape(-1).view(torch.uint8)
    assert Digests(ODD).of(name) == hashlib.sha256(bytes(plain.tolist())).hexdigest()


@pytest.mark.parametrize("name", [*UNKNOWN, "missing"])
def test_what_has_no_bytes_of_its_own_has_no_digest(name: str) -> None:
    assert Digests(UNKNOWN).of(name) == ""


def test_memory_that_was_freed_is_not_read() -> None:
    tensor = torch.ones(1000)
    tensor.untyped_storage().resize_(0)
    assert Digests({"a": tensor}).of("a") == ""


def test_no_more_is_hashed_than_the_cap() -> None:
    tensors = {"a": torch.ones(10), "b": torch.ones(1).expand(100), "c": torch.ones(10)}
    digests = Digests(tensors, most_bytes=99)
    assert [bool(digests.of(name)) for name in "abc"] == [True, False, True]


@pytest.mark.parametrize(
    ("tensor", "layout"),
    [
        (torch.ones(3, 3).to_sparse(), "sparse_coo"),
        (torch.ones(3, 3, dtype=torch.float64), ""),
        (torch.ones(3, 3, dtype=torch.uint16), ""),
    ],
)
def test_inputs_of_all_kinds(tensor: torch.Tensor, layout: str) -> None:
    graph = graph_of(Wrap(nn.Identity()), tensor)
    value = graph.nodes[0].values[0]
    assert (value.layout, value.dtype) == (layout, str(tensor.dtype).removeprefix("torch."))


class Printing(nn.Module):
    """Has effects in an order."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch.ops.aten._print("one")
        torch.ops.aten._print("two")
        return x + 1


def test_tokens_keep_effects_in_order() -> None:
    graph = captured(decompose(torch.export.export(Printing(), (X,))))
    first, second = calls(graph, "with_effects")
    assert [first.args[1:], second.args[1:]] == [
        [{"op": "aten._print.default"}, "one"],
        [{"op": "aten._print.default"}, "two"],
    ]
    (token,) = [item for item in graph.inputs if item.kind == "token"]
    assert first.args[0] == {"node": token.name}
    assert second.args[0] == {"node": calls(graph, "_operator.getitem")[0].name}
    assert [item.kind for item in graph.outputs] == ["token", "user_output"]


def test_a_custom_object_is_told_by_its_own_class() -> None:
    real = torch.classes._nnapi.Compilation()
    fake = FakeScriptObject(None, "__torch__.torch.classes._nnapi.Compilation", real)
    graph = torch.fx.Graph()
    given = graph.placeholder("given")
    given.meta["val"] = fake
    held = graph.get_attr("held")
    graph.call_function(torch.ops.higher_order.call_torchbind, (held, "run", given, real))
    root = nn.Module()
    root.held = real
    document = GraphDocument.model_validate(
        capture_partial(Partial(graph, root), Places(Path()), lambda _: "")
    )
    names = [value.value for node in document.nodes[:2] for value in node.values]
    assert names == ["__torch__.torch.classes._nnapi.Compilation"] * 2
    assert document.nodes[2].args[1:] == ["run", {"node": "given"}, {"object": names[0]}]


class Stops(nn.Module):
    """Fails after a layer, in a module within another."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4).eval())
        self.gate = Gate()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The gate's."""
        gated: torch.Tensor = self.gate(self.layers(x))
        return gated


class Gate(nn.Module):
    """Asks a value."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One of two."""
        return x + 1 if x.sum() > 0 else x


def test_a_partial_graph_names_inputs_and_modules_as_the_whole_one_does() -> None:
    document = failed_graph_of(Stops(), X)
    kinds = [(item.kind, item.target) for item in document.inputs]
    assert kinds[:2] == [("parameter", "layers.0.weight"), ("parameter", "layers.0.bias")]
    assert ("buffer", "layers.1.running_mean") in kinds
    assert kinds[-1] == ("user_input", "")
    assert [kind for kind, _ in kinds].count("user_input") == 1
    paths = [[module[0] for module in node.modules] for node in document.nodes]
    assert paths[-1] == ["", "gate"]
    assert ["", "layers", "layers.0"] in paths
