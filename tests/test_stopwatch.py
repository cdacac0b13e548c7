"""The time that a worker tells of a run: what it worked on it, told once."""

import time

from workers.stopwatch import Stopwatch


def test_it_counts_while_it_goes_and_not_while_it_stands() -> None:
    watch = Stopwatch()
    assert watch.take() == 0
    with watch.going():
        _pass_time()
        assert watch.take() > 0, "while it goes"
        _pass_time()
    assert watch.take() > 0, "what came after that"
    _pass_time()
    assert watch.take() == 0


def test_what_could_not_be_told_is_told_with_the_rest() -> None:
    watch = Stopwatch()
    watch.put_back(5.0)
    with watch.going():
        pass
    assert watch.take() >= 5.0
    assert watch.take() == 0


def _pass_time() -> None:
    before = time.monotonic()
    while time.monotonic() == before:
        pass
