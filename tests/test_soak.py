"""Many runs through a real server, hostile ones among them, leave nothing behind."""

import pytest

from bench.soak import soak


@pytest.mark.full
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("workers", [1, 4])
def test_two_hundred_runs_leave_nothing(workers: int, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():  # the figures are for who reads CI's output
        assert soak(200, workers) == []
