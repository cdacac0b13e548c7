"""What can be dynamic, against brute force over sizes: bench/contract.py on all its models."""

from pathlib import Path

import pytest

from bench.contract import FOLDER, check

SIZES = 24  # that each dimension is tried at; where a stride hides one, it takes 20 to tell
MODELS = sorted(FOLDER.glob("*.py"))


@pytest.mark.full
@pytest.mark.filterwarnings("ignore:The tensor attributes:UserWarning")  # a GRU's own, in export
@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_the_table_is_what_every_size_says(path: Path) -> None:
    row = check(path, SIZES, 600.0)
    assert row.wrong == []
    assert row.found == row.silent
    assert row.tried > 0


def test_there_are_more_than_fifteen_models() -> None:
    assert len(MODELS) > 15
