"""The pure parts of the contract: sets of sizes, names of inputs, roles, the clock."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from tests.stage_support import call_of
from workers.probe.contract_clock import Clock
from workers.probe.contract_dims import Arguments, dimensions_of, roles, shapes_with
from workers.probe.contract_sizes import Span, around, fits, outside, resized, span_of

TAKES: list[tuple[Callable[[int], bool], int, Span | None]] = [
    (lambda n: True, 5, Span(0, None)),
    (lambda n: n >= 2, 5, Span(2, None)),
    (lambda n: n >= 7, 9, Span(7, None)),
    (lambda n: 3 <= n <= 512, 5, Span(3, 512)),
    (lambda n: n <= 200, 128, Span(0, 200)),
    (lambda n: n >= 8 and n % 4 == 0, 16, Span(8, None, 4)),
    (lambda n: n % 32 == 0 and 0 < n <= 1024, 224, Span(32, 1024, 32)),
    (lambda n: n % 2 == 1, 7, Span(1, None, 2, 1)),
    (lambda n: n != 4 and n > 1, 5, Span(2, None, 1, 0, (4,))),
    (lambda n: n > 100, 1_000, Span(101, None)),
    (lambda n: n == 5, 5, None),
    (lambda n: n in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43), 5, None),
]


@pytest.mark.parametrize("place", range(len(TAKES)))
def test_a_set_of_sizes_is_told_by_asking(place: int) -> None:
    takes, size, expected = TAKES[place]
    span = span_of(takes, size)
    assert span == expected
    if span is not None:
        assert all(takes(one) == (one in span) for one in range(2, 64))


@pytest.mark.parametrize("place", [n for n, (_, _, span) in enumerate(TAKES) if span])
def test_sizes_to_try_are_inside_and_outside(place: int) -> None:
    takes, size, span = TAKES[place]
    assert span is not None
    assert around(span, size)
    assert all(takes(one) and one != size for one in around(span, size))
    assert not any(one in span for one in outside(span, size))


def test_few_sizes_are_asked() -> None:
    asked: list[int] = []

    def takes(size: int) -> bool:
        asked.append(size)
        return 3 <= size <= 100_000

    assert span_of(takes, 224) == Span(3, 100_000)
    assert len(asked) < 150


def test_inputs_grow_by_repeating_their_rows() -> None:
    inputs = ((torch.arange(6).view(2, 3), 7), {"scale": torch.ones(2)})
    (grown, number), kwargs = resized(inputs, {(0, 0): 3, (2, 0): 1})
    assert grown.tolist() == [[0, 1, 2], [3, 4, 5], [0, 1, 2]]
    assert number == 7
    assert kwargs["scale"].shape == (1,)
    assert inputs[0][0].shape == (2, 3)


def test_what_would_take_too_much_memory_is_not_tried() -> None:
    inputs: Arguments = ((torch.ones(2, 1_000),), {})
    assert fits(inputs, {(0, 0): 4})
    assert not fits(inputs, {(0, 0): 2_000_000})


@pytest.mark.parametrize(
    ("shape", "dtype", "expected"),
    [
        ((1, 3, 64, 64), torch.float32, ("batch", "channels", "height", "width")),
        ((1, 64, 64, 3), torch.float32, ("batch", "height", "width", "channels")),
        ((3, 64, 64), torch.float32, ("channels", "height", "width")),
        ((2, 9, 16), torch.float32, ("batch", "sequence", "features")),
        ((1, 3, 8, 64, 64), torch.float32, ("batch", "channels", "time", "height", "width")),
        ((1, 8, 3, 64, 64), torch.float32, ("batch", "time", "channels", "height", "width")),
        ((2, 9), torch.int64, ("batch", "sequence")),
        ((2, 9), torch.float32, ("batch", "features")),
        ((4,), torch.float32, ("batch",)),
        ((), torch.float32, ()),
    ],
)
def test_roles_go_by_the_shape(
    shape: tuple[int, ...], dtype: torch.dtype, expected: tuple[str, ...]
) -> None:
    assert roles(torch.zeros(shape, dtype=dtype)) == expected


class Takes(nn.Module):
    def forward(
        self, x: torch.Tensor, y: list[torch.Tensor], *rest: torch.Tensor, z: torch.Tensor
    ) -> None:
        """Its signature is all that matters."""


def test_dimensions_are_named_and_asked_for_in_forwards_order() -> None:
    one, two = torch.zeros(2, 3), torch.zeros(4)
    call = call_of(Takes(), one, [two, two], two, kwargs={"z": two})
    names = [dimension.name for dimension in dimensions_of(call)]
    assert names[:2] == ["x.shape[0]", "x.shape[1]"]
    assert names[2:] == ["y[0].shape[0]", "y[1].shape[0]", "rest[0].shape[0]", "z.shape[0]"]
    shapes = shapes_with(call, {(0, 1): "a", (2, 0): "b", (4, 0): "c"})
    assert shapes == {"x": {1: "a"}, "y": [None, {0: "b"}], "rest": (None,), "z": {0: "c"}}


def test_what_is_asked_is_read_however_it_is_written() -> None:
    one, two = torch.zeros(2, 3), torch.zeros(4)
    for shapes in (
        {"x": {0: "n"}, "y": [{0: "n"}, None], "z": ("n",)},
        ({0: "n"}, [{0: "n"}, None], None),
        {"x": ("n", None), "y": [["n"], None]},
    ):
        call = call_of(Takes(), one, [two, two], kwargs={"z": two}, dynamic_shapes=shapes)
        requested = {dimension.name: dimension.requested for dimension in dimensions_of(call)}
        assert (requested["x.shape[0]"], requested["x.shape[1]"]) == ("n", "")
        assert (requested["y[0].shape[0]"], requested["y[1].shape[0]"]) == ("n", "")


def test_a_clock_leaves_out_what_does_not_fit_and_says_so() -> None:
    clock = Clock(1_000.0)
    assert clock.allows("the first")
    assert clock.cut == []
    clock = Clock(-1.0)
    assert not clock.allows("the second")
    assert not clock.allows("the second")
    assert clock.cut == ["the second"]
