"""Remedies for sizes and for the request: source in, source out."""

import pytest

from tests.remedy_source_support import ENTRY, SUGGESTED, code, edited, edits
from workers.remedies import (
    dims_request,
    pool_all,
    recurrence,
    shape_for_len,
    strict,
)
from workers.remedies.model import Cause, Upload


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


def test_a_length_is_taken_from_the_shape() -> None:
    text = "def f(boxes):\n    n = len(boxes) + len([1])\n"
    new = edited(shape_for_len.REMEDY, text, "n = len")
    assert "n = boxes.shape[0] + len([1])" in new


def test_the_other_mode_is_proposed_where_it_may_help() -> None:
    assert not edits(strict.STRICT, "", loaded={"strict": False})
    (edit,) = edits(strict.STRICT, "", loaded={"strict": True})
    assert edit.options == {"strict": False}
    numpy = Cause("numpy_conversion", "", "")
    assert [e.options for e in strict.STRICT.propose(numpy, Upload({}, ENTRY))] == [
        {"strict": True}
    ]
