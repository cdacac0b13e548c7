"""Remedies for kernels, functions and parts of libraries: source in, source out."""

import pytest

from tests.remedy_source_support import ENTRY, code, edited, edits
from workers.remedies import (
    fakes,
    libraries,
    opaque,
)
from workers.remedies.model import Cause, Upload
from workers.remedies.syntax import parses

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
