"""Many runs through a real server, hostile ones among them, leave nothing behind."""

import pytest

from bench.soak import soak


@pytest.mark.full
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("runs", "workers"), [(100, 1), (200, 4)])
def test_many_runs_leave_nothing(
    runs: int, workers: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():  # the figures are for who reads CI's output
        assert soak(runs, workers) == []
