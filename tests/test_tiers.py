"""Which sandbox a machine gets, and what it is told where it gets none."""

from pathlib import Path

import pytest

from workers.sandbox.host import Host
from workers.sandbox.scratch_mount import why_unbounded
from workers.sandbox.tiers import Tier, choose

ALL = {"landlock": "ABI 7", "seccomp": "allow-list", "bwrap": "/usr/bin/bwrap"}


def host(*layers: str, linux: bool = True) -> Host:
    """A machine that has these layers."""
    has = {name: value if name in layers else "" for name, value in ALL.items()}
    why = {name: f"no {name} here" for name in ALL if name not in layers}
    return Host(linux=linux, filter=b"", why=why, links={}, folders=(), **has)


@pytest.mark.parametrize(
    ("layers", "wanted", "tier", "puts_on", "bwrap"),
    [
        (("landlock", "seccomp", "bwrap"), "auto", Tier.FULL, ("landlock", "seccomp"), True),
        (("landlock", "seccomp"), "auto", Tier.FILTERS, ("landlock", "seccomp"), False),
        (("seccomp", "bwrap"), "auto", Tier.REDUCED, ("seccomp",), True),
        (("landlock", "bwrap"), "auto", Tier.REDUCED, ("landlock",), True),
        (("bwrap",), "auto", Tier.REDUCED, (), True),
        (("landlock", "seccomp", "bwrap"), "filters", Tier.FILTERS, ("landlock", "seccomp"), False),
        (("landlock", "seccomp", "bwrap"), "reduced", Tier.REDUCED, ("seccomp",), True),
        (("landlock", "seccomp", "bwrap"), "off", Tier.OFF, (), False),
        ((), "off", Tier.OFF, (), False),
    ],
)
def test_a_machine_gives_what_it_has(
    layers: tuple[str, ...], wanted: str, tier: Tier, puts_on: tuple[str, ...], bwrap: bool
) -> None:
    plan = choose(host(*layers), wanted)

    assert (plan.tier, plan.layers, bool(plan.bwrap)) == (tier, puts_on, bwrap)
    assert bool(plan.reason) == (tier is not Tier.FULL)


@pytest.mark.parametrize(
    ("layers", "wanted", "says"),
    [
        ((), "auto", "cannot give a sandbox: no landlock here; no seccomp here; no bwrap here"),
        (("landlock",), "auto", "no seccomp here"),
        (("landlock", "seccomp"), "full", "the sandbox tier 'full': no bwrap here"),
        (("seccomp", "bwrap"), "filters", "the sandbox tier 'filters': no landlock here"),
        (("landlock", "seccomp"), "reduced", "no bwrap here"),
    ],
)
def test_without_what_it_needs_it_refuses_and_says_why(
    layers: tuple[str, ...], wanted: str, says: str
) -> None:
    plan = choose(host(*layers), wanted)

    assert plan.tier is None
    assert says in plan.reason
    assert "no script is run here; see docs/security.md" in plan.reason


def test_another_system_than_linux_is_refused() -> None:
    plan = choose(host(*ALL, linux=False), "auto")

    assert plan.tier is None
    assert "needs Linux" in plan.reason
    assert "STAGELIGHT_SANDBOX=off" in plan.reason


MOUNTINFO = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:25 / /dev/shm rw,nosuid - tmpfs tmpfs rw,size=65536k
31 22 0:26 / /scratch rw,nosuid - tmpfs tmpfs rw,size=65536k,nr_inodes=4096
32 31 0:27 / /scratch/inner rw - tmpfs tmpfs rw,nr_inodes=10
33 22 0:28 / /a\\040b rw - tmpfs tmpfs rw,size=1k,nr_inodes=10
"""


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("/scratch", ""),
        ("/scratch/run-1", ""),
        ("/a b/run-1", ""),
        ("/scratch/inner/run-1", "without size="),
        ("/dev/shm/run-1", "without nr_inodes="),
        ("/scratched", "is no tmpfs"),
        ("/var/tmp", "is no tmpfs"),
    ],
)
def test_a_scratch_folder_must_be_bounded(folder: str, why: str) -> None:
    told = why_unbounded(Path(folder), MOUNTINFO)
    assert bool(told) == bool(why)
    assert why in told
