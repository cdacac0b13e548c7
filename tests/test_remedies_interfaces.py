"""Remedies for sizes, classes, kernels, state and libraries: source in, source out."""

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from workers.remedies import (
    dims_request,
    fakes,
    libraries,
    nested,
    numpy_inputs,
    opaque,
    pool_all,
    pytrees,
    recurrence,
    shape_for_len,
    state,
    strict,
)
from workers.remedies.catalogue import proposals
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.syntax import parses

ENTRY = "model.py"
EXAMPLES = Path(__file__).parent.parent / "examples"
VIOLATION = "dynamic_shape_violation"


def code(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def cause(text: str, at: str = "", **fields: Any) -> Cause:
    """A blocker of the entry file at the first line that holds `at`."""
    line = next((n for n, line in enumerate(text.splitlines(), 1) if at and at in line), None)
    given = {"category": "", "message": "", "exception": "", "in_upload": bool(at), **fields}
    return Cause(file=ENTRY if at else None, line=line, **given)


def edits(remedy: Remedy, text: str, at: str = "", message: str = "", **upload: Any) -> list[Edit]:
    """What one remedy proposes; every proposal parses and leaves the other lines as they are."""
    found = cause(text, at, message=message)
    assert bool(at) == (found.line is not None)
    given = list(remedy.propose(found, Upload({ENTRY: text}, ENTRY, **upload)))
    assert all(parses(new) for edit in given for new in edit.files.values())
    return given


def edited(remedy: Remedy, text: str, at: str = "", message: str = "", **upload: Any) -> str:
    """The one file that the one proposal of a remedy gives."""
    (edit,) = edits(remedy, text, at, message, **upload)
    assert edit.note
    return edit.files[ENTRY]


SUGGESTED = """Constraints violated (words)! For more information, run with TORCH_LOGS="+dynamic".
  - Not all values of words
Suggested fixes:
  {}

The error above occurred when calling torch.export.export."""


@pytest.mark.parametrize(
    ("fix", "before", "after"),
    [
        ("words = Dim('words', max=32)", 'Dim("words", max=64)', 'Dim("words", max=32)'),
        ("words = Dim('words', max=32)", 'Dim("words", min=2)', 'Dim("words", min=2, max=32)'),
        ("words = 9", 'torch.export.Dim("words")', "torch.export.Dim.STATIC"),
        (
            "_words = Dim('_words', max=16)\n  words = 2*_words",
            'Dim("words", max=32)',
            "2*Dim('_words', max=16)",
        ),
    ],
)
def test_suggestions_go_into_the_script(fix: str, before: str, after: str) -> None:
    script = f"shapes = {{'x': {{1: {before}}}}}  # kept\n"
    new = edited(dims_request.BOUNDS, script, message=SUGGESTED.format(fix))
    assert new == script.replace(before, after)


def test_a_dimension_of_another_name_is_left_alone() -> None:
    script = 'shapes = {0: Dim("batch")}\n'
    assert not edits(dims_request.BOUNDS, script, message=SUGGESTED.format("words = 9"))
    assert not edits(dims_request.AUTO, script, message=SUGGESTED.format("words = 9"))


def test_suggestions_as_a_run_option() -> None:
    loaded = {"dynamic_shapes": "{'x': ({1: Dim('words', min=4, max=64)}, None), 'y': {0: AUTO}}"}
    message = SUGGESTED.format("words = Dim('words', max=32)")
    assert not edits(dims_request.OPTION, "", message=message, loaded=loaded)  # AUTO alone is none
    loaded = {"dynamic_shapes": "{'x': ({1: Dim('words', min=4, max=64)}, None)}"}
    (edit,) = edits(dims_request.OPTION, "", message=message, loaded=loaded)
    shape = {"1": {"name": "words", "min": 4, "max": 32}}
    assert edit.options == {"dynamic_shapes": {"x": [shape, None]}}


def test_torch_decides_with_auto() -> None:
    script = 'shapes = {"x": {1: torch.export.Dim("words", min=2)}}\n'
    new = edited(dims_request.AUTO, script, message=SUGGESTED.format("words = 9"))
    assert new == 'shapes = {"x": {1: torch.export.Dim.AUTO}}\n'


def test_runtime_asserts_are_deferred_once() -> None:
    script = "torch.export.export(net, (x,), dynamic_shapes=shapes)\n"
    new = edited(dims_request.DEFERRED, script)
    assert "shapes, prefer_deferred_runtime_asserts_over_guards=True)" in new
    assert not edits(dims_request.DEFERRED, new)


WALK = """
    class Smooth:
        def forward(self, x):
            state, states = x[:, 0], []
            for t in range(x.shape[1]):
                state = a * state + (1 - a) * x[:, t]
                states.append(state)
            return torch.stack(states, dim=1)
"""


def test_a_recurrence_becomes_a_product() -> None:
    new = edited(recurrence.REMEDY, code(WALK), "for t in")
    assert "for t in" not in new
    assert "return (x.movedim(1, -1) @ weights.to(x.dtype).T).movedim(-1, 1)" in new


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("a * state +", "torch.tanh(state) +"),  # not linear
        ("x[:, t]", "x[:, t - 1]"),  # another frame
        ("(1 - a) *", "state *"),
        ("x[:, 0], []", "x[:, 1], []"),  # begins elsewhere
        ("dim=1", "dim=2"),
        ("range(x.shape[1])", "range(x.shape[2])"),
        ("return ", "states.pop()\n        return "),  # the list is used for more
    ],
)
def test_what_is_no_such_recurrence_is_left_alone(part: str, other: str) -> None:
    text = code(WALK).replace(part, other)
    assert text != code(WALK)
    assert not edits(recurrence.REMEDY, text, "for t in")


def test_a_pool_over_all_of_the_example() -> None:
    text = code("""
        class Head(nn.Module):
            def __init__(self):
                self.pool = nn.AvgPool3d(kernel_size=(8, 4, 4))
                self.small = nn.AvgPool2d(3, stride=1)

            def forward(self, x):
                return self.fc(self.pool(x).flatten(1)) + self.small(x)
    """)
    new = edited(pool_all.REMEDY, text, "return self.fc")
    assert "self.pool = nn.AdaptiveAvgPool3d(1)\n" in new
    assert "nn.AvgPool2d(3, stride=1)" in new


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


OPERATOR = """
    @torch.library.custom_op("own::area", mutates_args=())
    def area(boxes: Tensor) -> Tensor:
        \"\"\"Areas.\"\"\"
        return boxes[:, 2] * boxes[:, 3]


    @area.register_fake
    def _(x):
        return torch.empty_like(x)


    def forward(x):
        return area(x)
"""


def test_the_kernel_is_its_fake_kernel() -> None:
    text = code(OPERATOR).replace("@area.register_fake\ndef _", "def other")
    message = "There was no fake impl registered for <CustomOpDef(own::area)>. This is necessary"
    new = edited(fakes.FROM_BODY, text, message=message)
    block = "@area.register_fake\ndef _(boxes: Tensor) -> Tensor:\n    return boxes[:, 2] * boxes"
    assert block in new
    by_hand = edited(fakes.LIKE_INPUT, text, message=message)
    assert "@area.register_fake\ndef _(boxes):\n    return torch.empty_like(boxes)\n" in by_hand


def test_a_kernel_that_reads_data_is_no_fake_kernel() -> None:
    text = code(OPERATOR).replace("boxes[:, 2] *", "boxes.numpy()[:, 2] *")
    assert not edits(fakes.FROM_BODY, text, message="own.area.default")
    assert not edits(fakes.FROM_BODY, code(OPERATOR), message="aten.nonzero.default")


def test_a_kernel_of_a_library_object() -> None:
    text = code("""
        LIBRARY = torch.library.Library("own", "DEF")
        LIBRARY.define("twice(Tensor x) -> Tensor")
        LIBRARY.impl("twice", lambda x: x * 2, "CPU")
    """)
    new = edited(fakes.FROM_BODY, text, message="own.twice.default")
    assert new == text + 'torch.library.register_fake("own::twice", lambda x: x * 2)\n'


def test_a_wrong_fake_kernel_is_corrected() -> None:
    new = edited(fakes.CORRECTED, code(OPERATOR), "return area(x)", "a and b must have same")
    assert "empty_like" not in new
    assert "@area.register_fake\ndef _(boxes: Tensor):\n    return boxes[:, 2]" in new


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


def test_the_other_mode_is_proposed_where_it_may_help() -> None:
    assert not edits(strict.STRICT, "", loaded={"strict": False})
    (edit,) = edits(strict.STRICT, "", loaded={"strict": True})
    assert edit.options == {"strict": False}
    numpy = Cause("numpy_conversion", "", "")
    assert [e.options for e in strict.STRICT.propose(numpy, Upload({}, ENTRY))] == [
        {"strict": True}
    ]


METHOD = """
    Size = tuple[int, int]


    class Keep(nn.Module):
        def __init__(self, threshold: float) -> None:
            self.threshold = threshold

        def forward(self, boxes: Tensor, size: Size) -> Tensor:
            \"\"\"Boxes that are large.\"\"\"
            while boxes.any():
                boxes = boxes - self.threshold
            return boxes
"""


def test_a_method_becomes_an_operator() -> None:
    new = edited(opaque.REMEDY, code(METHOD), "while boxes")
    assert "return keep_forward(boxes, size, self.threshold)" in new
    assert '"""Boxes that are large."""\n        return' in new
    assert 'schema="(Tensor boxes, SymInt[] size, float threshold) -> Tensor"' in new
    assert "    while boxes.any():\n        boxes = boxes - threshold\n    return boxes\n" in new


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("boxes: Tensor, size", "boxes, size"),  # of unknown type
        (") -> Tensor", ") -> int"),
        ("boxes - self.threshold", "self.layer(boxes)"),  # weights would be hidden
        ("boxes.any()", "helper(self)"),
    ],
)
def test_a_method_that_no_operator_can_be(part: str, other: str) -> None:
    assert not edits(opaque.REMEDY, code(METHOD).replace(part, other), "while ")


def test_the_model_itself_is_never_made_one_operator() -> None:
    assert not edits(opaque.REMEDY, code(METHOD), "while", loaded={"model_class": "Keep"})


def test_a_length_is_taken_from_the_shape() -> None:
    text = "def f(boxes):\n    n = len(boxes) + len([1])\n"
    new = edited(shape_for_len.REMEDY, text, "n = len")
    assert "n = boxes.shape[0] + len([1])" in new


@pytest.mark.parametrize("stand_in", libraries.STAND_INS, ids=lambda one: one.name)
def test_a_part_of_torchvision_is_replaced_in_the_entry(stand_in: libraries.StandIn) -> None:
    remedy = next(r for r in libraries.REMEDIES if r.name == stand_in.name)
    file, function = min(stand_in.places)
    text = '"""Mine."""\n\nimport torch\n\nmodel = build()\n'
    frames = [{"file": file, "function": function}]
    upload = Upload({ENTRY: text}, ENTRY)
    (edit,) = remedy.propose(Cause("unknown", "", "", file=file, function=function), upload)
    new = edit.files[ENTRY]
    assert parses(new)
    assert new.startswith('"""Mine."""\n\nimport torch\nfrom ')
    assert new.endswith("\n\nmodel = build()\n")
    assert [*remedy.propose(Cause("unknown", "", "", frames=frames), upload)]
    assert not [*remedy.propose(Cause("unknown", "", "", file=file, function="nms"), upload)]


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
