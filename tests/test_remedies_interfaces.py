"""Remedies for classes, inputs and state: source in, source out."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.remedy_source_support import ENTRY, SUGGESTED, VIOLATION, cause, code, edited, edits
from workers.remedies import (
    nested,
    numpy_inputs,
    pool_all,
    pytrees,
    recurrence,
    state,
)
from workers.remedies.catalogue import proposals
from workers.remedies.model import Upload

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_a_dataclass_is_registered_below_its_definition() -> None:
    text = "import torch\n\n\n@dataclass\nclass Boxes:\n    corners: torch.Tensor\n\n\nnet = 1\n"
    message = "Found <class '__main__.Boxes'> in output, which is not a known type."
    new = edited(pytrees.REGISTER, text, message=message)
    assert new == text.replace(
        "corners: torch.Tensor\n",
        "corners: torch.Tensor\n\n\ntorch.export.register_dataclass(Boxes)\n",
    )


def test_a_plain_class_and_one_of_a_library() -> None:
    text = "class Boxes:\n    pass\n"
    message = "Unsupported input type <class '__main__.Boxes'>. Export only supports pytree"
    new = edited(pytrees.REGISTER, text, message=message)
    assert new.startswith("import torch\n")
    assert "    Boxes,\n    flatten_boxes,\n    unflatten_boxes,\n" in new
    library = "Unsupported input type <class 'lib.images.ImageList'>."
    assert "from lib.images import ImageList" in edited(pytrees.REGISTER, text, message=library)
    for builtin in ("builtins.object", "numpy.ndarray", "set"):
        assert not edits(pytrees.REGISTER, text, message=f"<class '{builtin}'> in output")


@pytest.mark.parametrize(
    ("value", "new"),
    [
        ("{best, worst}", "(best, worst,)"),
        ("set(found)", "tuple(found)"),
        ("found.values()", "tuple(found.values())"),
        ("(x for x in found)", "tuple(x for x in found)"),
        ("found", None),
    ],
)
def test_a_set_or_a_view_is_returned_as_a_tuple(value: str, new: str | None) -> None:
    text = f"def forward(self):\n    return {value}  # why\n"
    message = "Found <class 'set'> in output, which is not a known type."
    found = edits(pytrees.TUPLE, text, "return", message)
    assert [e.files[ENTRY] for e in found] == ([text.replace(value, new)] if new else [])


def test_a_nested_tensor_that_is_only_padded() -> None:
    text = code("""
        def forward(self, a, b):
            batch = torch.nested.nested_tensor([a, b])
            return batch.to_padded_tensor(1.0)
    """)
    new = edited(nested.PAD, text, "nested_tensor(")
    assert "batch = [a, b]\n" in new
    assert "pad_sequence(batch, batch_first=True, padding_value=1.0)" in new
    assert not edits(nested.PAD, text.replace("return ", "batch.sum()\n    return "), "nested_t")


def test_arrays_at_the_inputs_become_tensors() -> None:
    text = code("""
        def forward(self, x, weights):
            return x * torch.from_numpy(weights) + torch.from_numpy(TABLE)


        inputs = (torch.rand(3), np.ones(2))
    """)
    message = "Unsupported input type <class 'numpy.ndarray'>."
    new = edited(numpy_inputs.INPUTS, text, message=message)
    assert "inputs = (torch.rand(3), torch.as_tensor(np.ones(2)))" in new
    assert "x * torch.as_tensor(weights) + torch.from_numpy(TABLE)" in new


WEIGHT = """
    class Norm(nn.Module):
        def __init__(self):
            self.weight = nn.Parameter(torch.rand(4))

        def forward(self, x):
            self.weight.div_(x)
            self.weight.data = self.weight.data / 2  # halved
            return x * self.weight
"""


def test_a_weight_that_forward_changes() -> None:
    text = code(WEIGHT)
    new = edited(state.NO_GRAD, text, "div_(x)")
    assert "        with torch.no_grad():\n            self.weight.div_(x)\n" in new
    assert not edits(state.NO_GRAD, text, "weight.data =")
    buffer = edited(state.WEIGHT, text, "weight.data =")
    assert 'self.register_buffer("weight", torch.rand(4))' in buffer
    assert "self.weight.copy_(self.weight / 2)  # halved" in buffer
    assert not edits(state.WEIGHT, text, "return x")


STATE = """
    import torch


    class Clip(nn.Module):
        def __init__(self):
            self.cache: Tensor | None = None

        def forward(self, video):
            past = torch.zeros_like(video[:, :2]) if self.cache is None else self.cache
            self.cache = video[:, -2:]
            return past + self.cache
"""
LOST = "self.cache is assigned in forward, and the exported program does not keep it"
CLIP: dict[str, Any] = {
    "loaded": {"model_class": "Clip"},
    "inputs": [{"name": "args[0]", "kind": "tensor", "shape": [1, 8, 3], "dtype": "float32"}],
}


def test_state_moves_into_a_buffer() -> None:
    new = edited(state.STATE, code(STATE), message=LOST, **CLIP)
    assert '"cache", torch.zeros_like(torch.zeros(1, 8, 3)[:, :2]), persistent=False' in new
    assert "past = self.cache.clone()\n" in new
    assert "self.cache.copy_(video[:, -2:])\n" in new


def test_state_whose_first_value_is_asked_for_in_a_statement() -> None:
    text = code(STATE).replace(
        "past = torch.zeros_like(video[:, :2]) if self.cache is None else self.cache",
        "if self.cache is None:\n            self.cache = torch.zeros(1, 2, 3)\n        past = 1",
    )
    new = edited(state.STATE, text, message=LOST)
    assert '"cache", torch.zeros(1, 2, 3), persistent=False' in new
    assert "if self.cache" not in new


def test_state_of_unknown_size_is_left_alone() -> None:
    assert not edits(state.STATE, code(STATE), message=LOST)  # no input is known
    inner: dict[str, Any] = {**CLIP, "loaded": {"model_class": "Other"}}
    assert not edits(state.STATE, code(STATE), message=LOST, **inner)
    number = code(STATE).replace("Tensor | None = None", "int = 0")
    assert not edits(state.STATE, number, message=LOST, **CLIP)


def test_every_proposal_has_a_form_with_the_state_mended() -> None:
    text = code(STATE) + '\n\nshapes = {1: Dim("words", max=64)}\n'
    message = SUGGESTED.format("words = 9")
    found = cause(text, "past =", category=VIOLATION, message=message)
    given = [
        edit.files[ENTRY] for _, edit in proposals(found, Upload({ENTRY: text}, ENTRY, **CLIP))
    ]
    plain, mended = given[:2]
    assert "register_buffer" not in plain
    assert "register_buffer" in mended
    assert "Dim.STATIC" in plain
    assert "Dim.STATIC" in mended


CHECK = """
import importlib.util
import sys

import torch


def load(path):
    spec = importlib.util.spec_from_file_location("script", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.get_model(), module.get_inputs(), module.dynamic_shapes


before, inputs, _ = load(sys.argv[1])
with torch.no_grad():
    wanted = [before(*inputs) for _ in range(2)]
after, _, shapes = load(sys.argv[2])
program = torch.export.export(after, inputs, dynamic_shapes=shapes).module()
for want in wanted:
    torch.testing.assert_close(program(*inputs), want)
"""


@pytest.mark.full
def test_the_broken_video_model_exports_with_what_is_proposed(tmp_path: Path) -> None:
    """Time stays dynamic, and a second call goes on from the first one's frames."""
    broken = EXAMPLES / "video_resnet3d_broken.py"
    text, upload = broken.read_text(), {**CLIP, "loaded": {"model_class": "VideoResNet3D"}}
    upload["inputs"] = [{"name": "args[0]", "shape": [1, 3, 8, 64, 64], "dtype": "float32"}]
    text = edited(recurrence.REMEDY, text, "for step in range", **upload)
    text = edited(pool_all.REMEDY, text, "self.pool(features)", **upload)
    text = edited(state.STATE, text, message=LOST, **upload)
    assert 'Dim("time", min=4, max=32)' in text
    (tmp_path / "fixed.py").write_text(text)
    command = [sys.executable, "-c", CHECK, str(broken), str(tmp_path / "fixed.py")]
    subprocess.run(command, check=True, timeout=300)
