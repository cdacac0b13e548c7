"""The diff on real graphs: exports of small nets of the kinds that people have, edited early."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel, ViTConfig, ViTModel

from app.graphs.diff import apply, diff, mirrored
from app.graphs.diff.result import Field, GraphDiff, Kind
from app.graphs.document import GraphDocument
from tests.stage_support import export_whole


class Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(x + y)


class ResNet(nn.Module):
    """As torchvision has it, three blocks deep."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.layers = nn.Sequential(*(Residual(8) for _ in range(3)))
        self.head = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.layers(self.stem(x))
        scores: torch.Tensor = self.head(x.mean((2, 3)))
        return scores


def inverted(width: int) -> nn.Sequential:
    """MobileNet's block."""
    return nn.Sequential(
        nn.Conv2d(width, 2 * width, 1),
        nn.BatchNorm2d(2 * width),
        nn.ReLU6(),
        nn.Conv2d(2 * width, 2 * width, 3, padding=1, groups=2 * width),
        nn.BatchNorm2d(2 * width),
        nn.ReLU6(),
        nn.Conv2d(2 * width, width, 1),
    )


def mobilenet(*, relu: bool = False) -> nn.Module:
    stem = [nn.Conv2d(3, 8, 3), *([nn.ReLU()] if relu else [])]
    blocks = [inverted(8) for _ in range(3)]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))


def vit() -> nn.Module:
    return ViTModel(
        ViTConfig(
            hidden_size=16,
            num_hidden_layers=3,
            num_attention_heads=2,
            intermediate_size=32,
            image_size=32,
            patch_size=16,
        )
    )


def bert(layers: int = 3) -> nn.Module:
    return BertModel(
        BertConfig(
            hidden_size=16,
            num_hidden_layers=layers,
            num_attention_heads=2,
            intermediate_size=32,
            vocab_size=50,
        )
    )


def graph_of(model: nn.Module, *args: Any) -> GraphDocument:
    torch.set_num_threads(1)
    finished = export_whole(model.eval(), *args)
    assert finished.graph is not None, finished.failure
    return finished.graph


class Activated(nn.Module):
    """A module with a ReLU after it, in its place; its own paths have `.part` in them."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, *args: Any) -> torch.Tensor:
        return torch.relu(self.part(*args))


def activate(model: nn.Module, path: str) -> nn.Module:
    """The model with one ReLU more, by a hook: no path of any module changes."""
    model.get_submodule(path).register_forward_hook(lambda *called: torch.relu(called[2]))
    return model


IMAGE = torch.rand(1, 3, 32, 32)
TOKENS = torch.randint(0, 50, (1, 8))

NETS: dict[str, tuple[Callable[[], nn.Module], torch.Tensor, str]] = {
    "resnet": (ResNet, IMAGE, "stem"),
    "mobilenet": (mobilenet, IMAGE, "0"),
    "vit": (vit, IMAGE, "embeddings.patch_embeddings"),
    "bert": (bert, TOKENS, "embeddings.LayerNorm"),
}


def holds(base: GraphDocument, head: GraphDocument) -> GraphDiff:
    """The diff, after what is true of each."""
    found = diff(base, head)
    assert apply(base, found) == head
    assert apply(head, mirrored(found)) == base
    assert diff(head, base) == mirrored(found)
    return found


def is_one_relu(found: GraphDiff) -> bool:
    """One added node, and nothing but the arguments of those that use it."""
    (added,) = (node for node in found.nodes if node.kind is Kind.ADDED)
    changed = [node for node in found.nodes if node.kind is Kind.CHANGED]
    edits = [edit for node in changed for edit in node.edits]
    assert added.head is not None
    counts = found.summary
    return (
        (counts.added, counts.removed, counts.moved) == (1, 0, 0)
        and {edit.field for edit in edits} == {Field.ARGUMENT}
        and len(edits) == len(changed)
    )


@pytest.mark.parametrize("name", NETS)
def test_a_relu_early_is_one_node_and_one_argument(name: str) -> None:
    make, inputs, path = NETS[name]
    base = graph_of(make(), inputs)
    head = graph_of(activate(make(), path), inputs)
    found = holds(base, head)
    assert is_one_relu(found)
    users = 1 if name != "resnet" and name != "bert" else found.summary.changed
    assert found.summary.changed == users
    assert found.beside == ()


def test_a_relu_in_a_sequential_is_one_node_though_all_after_it_have_other_paths() -> None:
    found = holds(graph_of(mobilenet(), IMAGE), graph_of(mobilenet(relu=True), IMAGE))
    assert is_one_relu(found)
    assert found.summary.changed == 1
    renamed = {(edit.before["name"], edit.after["name"]) for edit in found.beside}
    assert {("1", "2"), ("2", "3"), ("3", "4")} <= renamed  # once a block, not once a node
    assert all(edit.what == "module" for edit in found.beside)


def test_a_module_that_is_wrapped_is_one_renamed_module() -> None:
    model = ResNet()
    model.layers[0] = Activated(model.layers[0])
    found = holds(graph_of(ResNet(), IMAGE), graph_of(model, IMAGE))
    assert is_one_relu(found)
    assert found.summary.changed == 2  # the block's users: the next one's conv and its shortcut
    (renamed,) = found.beside
    assert (renamed.before["name"], renamed.after["name"]) == ("layers.0", "layers.0.part")


def test_a_component_alone_is_in_the_whole() -> None:
    whole = ResNet()
    found = holds(graph_of(whole.layers, torch.rand(1, 8, 30, 30)), graph_of(whole, IMAGE))
    assert found.summary.removed == 0
    changed = [edit for node in found.nodes for edit in node.edits]
    # The only input there is: the component's is the image now.
    (image,) = (edit for edit in changed if edit.field is not Field.ARGUMENT)
    assert (image.before, image.after) == ([1, 8, 30, 30], [1, 3, 32, 32])
    assert found.summary.changed == 4
    assert ("module", "layers") in {(edit.what, edit.name) for edit in found.beside}


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_layer_less_is_that_layer_gone(gone: int) -> None:
    model = bert()
    layers = model.get_submodule("encoder.layer")
    assert isinstance(layers, nn.ModuleList)
    del layers[gone]
    found = holds(graph_of(bert(), TOKENS), graph_of(model, TOKENS))
    counts = found.summary
    assert (counts.added, counts.moved) == (0, 0)
    one_layer = found.modules["encoder.layer.2"]
    assert one_layer.removed > 0
    assert one_layer.same == 0
    assert counts.changed <= 2
