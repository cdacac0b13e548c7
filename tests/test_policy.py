"""What a zygote and its children get is a function of settings, host and runtime."""

import json
from pathlib import Path

import pytest

from app.services.options import RunOptions
from app.settings import Settings
from workers.events import ProbeKind
from workers.sandbox.host import Host
from workers.sandbox.policy import (
    MB,
    ZYGOTE,
    LaunchSpec,
    Slot,
    build_env,
    build_limits,
    build_spec,
    encode_setup,
    exposed_by,
    make_job,
)
from workers.sandbox.runtime import Runtime, outermost
from workers.sandbox.tiers import choose

HOST = Host(True, "ABI 7", "allow-list", b"bpf", "/usr/bin/bwrap", {}, {"/lib": "usr/lib"}, ())
RUNTIME = Runtime(Path("/env/bin/python"), ("/env", "/opt/python3.11"))
SLOT = Slot(Path("/tmp/slot"), 2_100_000_007)


def spec(tier: str = "auto", **values: object) -> LaunchSpec:
    """The spec of a zygote on a machine that has everything."""
    settings = Settings(**values)  # type: ignore[arg-type]
    program = Path("/code/workers/probe/bootstrap.py")
    plan = choose(HOST, tier)
    return build_spec(plan, HOST, RUNTIME, SLOT, settings, program=program, preload=("numpy",))


def test_a_job_says_what_is_asked() -> None:
    options = RunOptions(argv=["--size", "8"], call=2, stages=["backbone"])
    assert make_job(ProbeKind.STAGED, "pkg/model.py", options, Settings(threads=3)) == {
        "probe": "staged",
        "entry": "pkg/model.py",
        "argv": ["--size", "8"],
        "call": 2,
        "device": "auto",
        "strict": None,
        "stages": ["backbone"],
        "dynamic_shapes": None,
        "threads": 3,
        "work": {},
    }


def test_limits_come_from_the_settings() -> None:
    limits = build_limits(Settings(memory_mb=100, cpu_seconds=7, thread_limit=9, scratch_mb=5))
    assert limits.as_extra() == {"RLIMIT_DATA": 100 * MB, "RLIMIT_AS": 200 * MB}
    assert limits.as_rlimits() == {
        "RLIMIT_FSIZE": 5 * MB,
        "RLIMIT_NOFILE": 512,
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": 7,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
    }
    assert limits.threads == 9
    assert build_limits(Settings(scratch_mb=1), 2 * MB).file_bytes == 2 * MB, "room for the upload"


def test_caches_are_the_settings_or_private() -> None:
    private = build_env(RUNTIME.python, Path("/h"), Settings())
    assert private["HF_HOME"].startswith("/h/")
    assert private["TORCH_HOME"].startswith("/h/")
    shared = build_env(RUNTIME.python, Path("/h"), Settings(hf_home="/hf", torch_home="/t"))
    assert (shared["HF_HOME"], shared["TORCH_HOME"]) == ("/hf", "/t")
    assert {"/hf", "/t"} <= set(spec(hf_home="/hf", torch_home="/t").setup.seal.read)


def test_inside_bwrap_nothing_of_the_machine_can_be_written() -> None:
    argv = spec().enter["argv"]
    text = " ".join(argv)
    for part in (
        "--unshare-all --unshare-user --die-with-parent --new-session --cap-drop ALL",
        "--ro-bind /usr /usr --symlink usr/lib /lib",
        "--ro-bind-try /env /env",
        "--ro-bind /tmp/slot/canary /canary",
        "--remount-ro /",
    ):
        assert part in text
    assert not {"--bind", "--dev-bind", "--bind-try", "--share-net"} & set(argv)
    assert argv[argv.index("--") + 1 :] == [
        *("/env/bin/python", "-I", "-B", "-X", "utf8"),
        *(str(ZYGOTE / "bootstrap.py"), "3"),
    ]


@pytest.mark.parametrize(
    ("tier", "bwrap", "scratch", "canary"),
    [
        ("full", True, "/job", "/canary"),
        ("filters", False, "/tmp/slot/job", "/tmp/slot/canary"),
        ("reduced", True, "/job", ""),
        ("off", False, "/tmp/slot/job", ""),
    ],
)
def test_each_tier_has_its_places(tier: str, bwrap: bool, scratch: str, canary: str) -> None:
    made = spec(tier)

    assert (made.enter["argv"][0] == "/usr/bin/bwrap") == bwrap
    assert (made.setup.scratch, made.setup.seal.canary) == (scratch, canary)
    assert made.setup.sealed == (tier != "off")
    assert made.env["HOME"] == f"{scratch}/home"
    assert made.enter["uid"] == 2_100_000_007


def test_only_the_runtime_and_the_system_can_be_read() -> None:
    assert set(spec().setup.seal.read) == {
        *("/code/workers/probe", "/env", "/opt/python3.11", str(ZYGOTE)),
        *("/usr", "/etc/ld.so.cache", "/etc/localtime"),
    }
    assert spec("off").setup.seal.read == ()


def test_a_folder_that_scripts_could_read_is_found() -> None:
    assert exposed_by(spec(), Path("/env/data")) == "/env"
    assert exposed_by(spec(), Path("/usr/share/data")) == "/usr"
    assert exposed_by(spec(), Path("/environment/data")) == ""


def test_a_setup_is_json() -> None:
    setup = json.loads(encode_setup(spec().setup))
    assert setup["preload"] == ["numpy"]
    assert setup["seal"]["layers"] == setup["seal"]["tested"] == ["landlock", "seccomp"]


def test_paths_below_others_are_left_out() -> None:
    given = ["/env/lib", "/env", "/usr/lib/python3", "/envy", "/env/"]
    assert outermost(given) == ("/env", "/envy")
