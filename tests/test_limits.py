"""Each limit of a run ends it with a reason of its own, and what was finished stays."""

import time
from pathlib import Path

import pytest

from app.models import Category, RunStatus, Verdict
from tests.worker_support import GOOD, STAGED_ONLY, drive_fake
from workers.wish import Wish


def test_a_hang_ends_at_the_time_limit(tmp_path: Path) -> None:
    started = time.monotonic()
    story = drive_fake(tmp_path, STAGED_ONLY + "time.sleep(60)", wall_seconds=1.2)

    assert time.monotonic() - started < 6
    assert story.run.status == RunStatus.FAILED
    assert story.run.reason == "The run reached its time limit of 1.2 s."
    assert story.outline == {
        "component:backbone": "passed",
        "component:neck": "failed",
        "component:head": "skipped",
        "whole": "failed",
    }
    for key in ("component:neck", "whole"):
        assert story.failure(key).category == Category.TIMEOUT


def test_memory_that_is_held_past_the_limit_is_out_of_memory(tmp_path: Path) -> None:
    hog = "hold = mmap.mmap(-1, 300 << 20)\nwhile True: hold.write(bytes(1 << 20))"
    story = drive_fake(tmp_path, f"{STAGED_ONLY}\n{hog}", memory_mb=200)

    assert story.run.status == RunStatus.FAILED
    assert "of memory; it may have 200 MB" in story.run.reason
    assert story.failure("component:neck").category == Category.OUT_OF_MEMORY


def test_dying_of_a_refused_allocation_is_out_of_memory(tmp_path: Path) -> None:
    hog = "hold = []\nwhile True: hold.append(b'x' * (1 << 20))"
    story = drive_fake(tmp_path, f"{STAGED_ONLY}\n{hog}", memory_mb=700)

    assert story.run.status == RunStatus.FAILED
    assert "of memory" in story.run.reason
    assert story.failure("component:neck").category == Category.OUT_OF_MEMORY


def test_cpu_time_is_a_limit_of_its_own(tmp_path: Path) -> None:
    story = drive_fake(tmp_path, f"{STAGED_ONLY}\nwhile True: pass", cpu_seconds=1)

    assert story.run.status == RunStatus.FAILED
    assert story.run.reason == "The probe used up its 1 s of CPU time, all threads together."
    failure = story.failure("component:neck")
    assert failure.category == Category.TIMEOUT
    assert "STAGELIGHT_CPU_SECONDS" in failure.hint


def test_a_flood_of_output_is_cut_and_costs_nothing_else(tmp_path: Path) -> None:
    flood = "for _ in range(2000): sys.stdout.write('x' * 1023 + '\\n')\nprint('last words')\n"
    story = drive_fake(tmp_path, flood + GOOD, log_bytes=20_000)

    assert story.run.verdict == Verdict.EXPORTED
    assert len(story.log.encode()) < 21_000
    assert story.dropped > 1_900_000
    assert "bytes cut here" in story.log
    assert "last words" in story.log


@pytest.mark.parametrize(
    ("speech", "reason", "setting", "limits"),
    [
        pytest.param(
            "print('x' * 100_000, flush=True)",
            "wrote more than 50,000 bytes of output",
            "STAGELIGHT_OUTPUT_BYTES",
            {"output_bytes": 50_000},
            id="output",
        ),
        pytest.param(
            "raw(b'x' * 300_000)",
            "sent an event of more than 200,000 bytes",
            "STAGELIGHT_EVENT_BYTES",
            {"event_bytes": 200_000},
            id="one event",
        ),
        pytest.param(
            "for _ in range(190): say(note('n' * 1500 + str(_)))",
            "sent more than 250,000 bytes of events",
            "STAGELIGHT_EVENTS_BYTES",
            {"events_bytes": 250_000},
            id="all events",
        ),
        pytest.param(
            "end = passed('component:neck'); end['graph']['nodes'] *= 11; say(end)",
            "sent a graph of more than 10 nodes",
            "STAGELIGHT_GRAPH_NODES",
            {"graph_nodes": 10},
            id="nodes of a graph",
        ),
        pytest.param(
            "end = passed('component:neck'); end['code'] = os.urandom(5000).hex(); say(end)",
            "left more than a run may store",
            "STAGELIGHT_ARTEFACT_BYTES",
            {"artefact_bytes": 2_000},
            id="artefacts",
        ),
    ],
)
def test_what_is_put_out_has_an_end(
    tmp_path: Path, speech: str, reason: str, setting: str, limits: dict[str, int]
) -> None:
    story = drive_fake(
        tmp_path, f"{STAGED_ONLY}\n{speech}\ntime.sleep(60)", lambda: Wish.GO_ON, **limits
    )

    assert (story.run.status, story.run.verdict) == (RunStatus.FAILED, None)
    assert story.run.reason == f"The probe was ended because it {reason}."
    assert story.outline["component:backbone"] == "passed"
    failure = story.failure("component:neck")
    assert failure.category == Category.OUTPUT_LIMIT
    assert setting in failure.hint
