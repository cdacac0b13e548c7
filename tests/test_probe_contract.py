"""The contract of dimensions as the real probe reads it."""

from pathlib import Path

import pytest

from tests.contract_support import (
    BLOCKED,
    FIXED_BY_A_LINE,
    IMPORTS,
    PICTURE,
    read_contract,
    row,
    sizes,
)
from workers.answers.contract import Contract


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return read_contract(tmp_path_factory.mktemp("picture"), PICTURE)


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return read_contract(tmp_path_factory.mktemp("fixed"), FIXED_BY_A_LINE)


def test_ranges_and_multiples_are_told_with_their_lines(picture: Contract) -> None:
    height = row(picture, "image.shape[2]")
    assert (height.obtained, height.role, height.symbol) == ("dynamic", "height", "height")
    assert (height.lower, height.upper, height.step, height.remainder) == (8, None, 4, 0)
    lines = {cause.frame.text for cause in height.causes if cause.frame}
    assert any("max_pool2d" in text for text in lines)
    assert any("interpolate" in text for text in lines)


def test_an_example_of_one_is_grown_so_that_the_batch_can_be_dynamic(picture: Contract) -> None:
    batch = row(picture, "image.shape[0]")
    assert (batch.size, batch.grown, batch.obtained) == (1, True, "dynamic")
    assert batch.lower is not None
    assert batch.lower <= 1  # tried, and equal to eager
    assert 1 in sizes(batch.tries, eager="ran", program="equal")


def test_what_the_weights_need_is_static_in_eager_too(picture: Contract) -> None:
    channels = row(picture, "image.shape[1]")
    assert channels.obtained == "static"
    assert {one.eager for one in channels.tries} == {"failed"}
    assert channels.causes[0].meaning == "image.shape[1] == 3"
    assert channels.causes[0].frame is not None


def test_the_text_to_paste_is_what_was_exported_and_tried(picture: Contract) -> None:
    assert picture.form == "named"
    assert "4*_height" in picture.code
    names: dict[str, object] = {}
    exec(picture.code, names)
    assert set(names["dynamic_shapes"]["image"]) == {0, 2, 3}  # type: ignore[index]
    assert picture.own is not None
    assert picture.own.program == "equal"
    height = row(picture, "image.shape[2]")
    inside, outside = sizes(height.tries, program="equal"), sizes(height.tries, program="refused")
    assert inside
    assert outside
    assert all(one % 4 == 0 and one >= 8 for one in inside)
    assert all(one % 4 or one < 8 for one in outside)
    assert {case.program for case in picture.cases} == {"equal"}


def test_a_line_that_fixes_a_dimension_is_told_apart_from_a_need(fixed: Contract) -> None:
    frames = row(fixed, "clip.shape[1]")
    assert frames.obtained == "static"
    assert (frames.requested, frames.answered) == ("DimHint(AUTO)", "static")
    assert any("== 8" in cause.frame.text for cause in frames.causes if cause.frame)
    assert any(one.eager == "ran" for one in frames.tries)  # eager takes others, together


def test_dimensions_that_go_together_have_one_name(fixed: Contract) -> None:
    clip, mask = row(fixed, "clip.shape[0]"), row(fixed, "mask.shape[0]")
    assert clip.obtained == mask.obtained == "dynamic"
    assert clip.symbol == mask.symbol == "batch"
    assert (clip.requested, mask.requested) == ("DimHint(AUTO)", "")


def test_a_model_that_does_not_export_is_read_on_eager(tmp_path: Path) -> None:
    contract = read_contract(tmp_path, BLOCKED)
    assert contract.how == "eager"
    assert contract.failure is not None
    assert contract.failure.category == "data_dependent_branch"
    assert contract.code == ""
    batch = row(contract, "x.shape[0]")
    assert batch.obtained == "not_known"
    alone = [one.eager for one in batch.tries if not one.together]
    together = [one.eager for one in batch.tries if one.together]
    assert set(alone) == {"failed"}
    assert set(together) == {"ran"}
    assert {one.program for one in batch.tries} == {"not_run"}


def test_further_examples_are_used(tmp_path: Path) -> None:
    script = (
        IMPORTS
        + """
class Net(nn.Module):
    def forward(self, tokens, *, scale):
        return tokens.float().cumsum(1) * scale

model = Net()
inputs = [
    {"tokens": torch.zeros(2, 5, dtype=torch.int64), "scale": torch.ones(1)},
    {"tokens": torch.zeros(2, 7, dtype=torch.int64), "scale": torch.ones(1)},
]
more_inputs = {"tokens": torch.zeros(2, 11, dtype=torch.int64), "scale": torch.ones(1)}
"""
    )
    contract = read_contract(tmp_path, script)
    length = row(contract, "tokens.shape[1]")
    assert length.role == "sequence"
    assert length.elsewhere == [7, 11]
    assert row(contract, "tokens.shape[0]").elsewhere == [2, 2]
    examples = [case for case in contract.cases if not case.sizes]
    assert [case.program for case in examples] == ["equal", "equal"]


def test_what_two_dimensions_keep_together_is_told(tmp_path: Path) -> None:
    script = (
        IMPORTS
        + """
class Net(nn.Module):
    def forward(self, x):
        return x.reshape(-1, 6)

model = Net()
inputs = (torch.randn(4, 9),)
"""
    )
    contract = read_contract(tmp_path, script)
    assert contract.relations[0].meaning.replace(" ", "") in (
        "x.shape[0]*x.shape[1]%6==0",
        "x.shape[1]*x.shape[0]%6==0",
    )
    assert contract.relations[0].guard is not None
    assert contract.relations[0].guard.frame is not None
    assert "reshape" in contract.relations[0].guard.frame.text


def test_a_size_that_is_taken_and_computes_something_else_does_not_count(tmp_path: Path) -> None:
    script = (
        IMPORTS
        + """
class Net(nn.Module):
    def forward(self, x):
        return x.mean(0) if x.shape[0] > 1 else x[0] * 3

model = Net()
inputs = (torch.randn(4, 3),)
"""
    )
    contract = read_contract(tmp_path, script)
    batch = row(contract, "x.shape[0]")
    assert batch.obtained == "dynamic"
    assert batch.lower == 2
    assert 1 not in sizes(batch.tries, program="equal")


def test_what_was_left_out_for_want_of_time_is_said(tmp_path: Path) -> None:
    contract = read_contract(tmp_path, PICTURE, seconds=0.0)
    assert "exporting with the table's shapes" in contract.cut
    assert contract.code == ""
    assert row(contract, "image.shape[2]").obtained == "dynamic"


def test_inputs_in_containers_are_named_as_forward_has_them(tmp_path: Path) -> None:
    script = (
        IMPORTS
        + """
class Net(nn.Module):
    def forward(self, images, extra):
        return images[0].sum() + images[1].sum() + extra["mask"] * 2

model = Net()
inputs = ([torch.randn(3, 18, 19), torch.randn(3, 16, 17)], {"mask": torch.randn(7)})
"""
    )
    contract = read_contract(tmp_path, script)
    names = [one.name for one in contract.dimensions]
    assert names[0] == "images[0].shape[0]"
    assert "extra['mask'].shape[0]" in names
    assert {one.obtained for one in contract.dimensions} == {"dynamic"}
    assert '"extra": {"mask": {0: ' in contract.code
