"""The project's own promises: pins, lock file, image, compose file, no trace of a machine."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from app.settings import ROOT

# Hosts that packages come from and folders of the machines this was made on: none of them may be
# needed, so none may be named.
NOT_OURS = re.compile(
    rb"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|deb\.debian\.org|download\.pytorch\.org"
    rb"|/opt/(wheels|pypi)|/root/|/home/|/tmp/dev|/work/|\.pyenv"
)
ATTACKS = ROOT / "tests" / "attacks"
MIB = 2**20
SIZES = {"m": MIB, "g": 1024 * MIB}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


@pytest.fixture(scope="module")
def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def size(text: str) -> int:
    return int(text[:-1]) * SIZES[text[-1]]


def project_files() -> Iterator[Path]:
    """What a clone holds: all files but those that .gitignore names, which are all folders."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()]
    for folder, folders, names in os.walk(ROOT):
        here = Path(folder)
        folders[:] = [
            name
            for name in folders
            if name != ".git"
            and not any(
                fnmatch(name, pattern) or (here / name).relative_to(ROOT).as_posix() == pattern
                for pattern in ignored
            )
        ]
        yield from (here / name for name in names if name != ".git")


def direct_requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return [Requirement(r) for r in [*project["dependencies"], *extras["runtime"], *extras["dev"]]]


def test_no_file_names_a_registry_host_or_a_folder_of_a_machine() -> None:
    files = [path for path in project_files() if path != Path(__file__).resolve()]
    assert ROOT / "Makefile" in files
    found = {
        f"{path.relative_to(ROOT)}: {match[0].decode()}"
        for path in files
        for match in NOT_OURS.finditer(path.read_bytes())
        # An attack looks into the folders that any machine has.
        if path.parent != ATTACKS or match[0] not in (b"/root/", b"/home/")
    }
    assert found == set()


def test_every_pin_is_exact_and_fits_any_build() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.]+", line), line


def test_pins_cover_what_pyproject_asks_for_and_fit_its_ranges(pins: dict[str, str]) -> None:
    for requirement in direct_requirements():
        pinned = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pinned), f"{requirement} is pinned to {pinned}"
    assert pins["torch"] == "2.13.0"


def test_all_that_is_installed_is_what_is_pinned(pins: dict[str, str]) -> None:
    waiting = [(requirement, "") for requirement in direct_requirements()]
    seen: dict[str, str] = {}
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        extras = ["", *requirement.extras]
        if name in seen and extras == [""]:
            continue
        distribution = importlib.metadata.distribution(requirement.name)
        seen[name] = Version(distribution.version).public
        wanted = [Requirement(text) for text in distribution.requires or []]
        waiting += [(item, chosen) for item in wanted for chosen in extras]
    assert len(seen) > 40
    assert {name: pins.get(name) for name in seen} == seen


def test_front_end_packages_are_locked_by_content_and_by_no_host() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    wanted = json.loads((ROOT / "package.json").read_text())
    names = {**wanted.get("dependencies", {}), **wanted.get("devDependencies", {})}
    assert names
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in names.values())
    locked = {path: entry for path, entry in packages.items() if path}
    assert {f"node_modules/{name}" for name in names} <= locked.keys()
    for path, entry in locked.items():
        assert entry["integrity"].startswith("sha512-"), path
        assert "resolved" not in entry, path


@pytest.mark.parametrize(
    "start",
    ["import app.cli.server, app.cli.embedded", "from app.main import create_app as a; a()"],
)
def test_the_web_process_imports_only_what_it_starts_with(start: str, tmp_path: Path) -> None:
    code = f"{start}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "STAGELIGHT_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "app.settings" in loaded
    assert loaded & {"torch", "numpy", "scipy", "transformers", "workers"} == set()
    assert loaded & {"authlib", "joserfc", "httpx2"} == set(), "a login imports them"


def test_compose_publishes_the_web_on_loopback_only(compose: dict[str, Any]) -> None:
    web, worker = compose["services"]["web"], compose["services"]["worker"]
    assert compose["services"].keys() == {"web", "worker"}
    assert web["ports"] == ["127.0.0.1:8000:8000"]
    assert "ports" not in worker
    assert worker["networks"] == ["work"]
    assert compose["networks"] == {"work": {"internal": True}}
    assert "networks" not in web
    fixed = {name: value for name, value in web["environment"].items() if value[:2] != "${"}
    assert fixed == {
        "STAGELIGHT_WORKERS": "0",
        "STAGELIGHT_HOST": "0.0.0.0",
        "STAGELIGHT_BEHIND_LOOPBACK_PROXY": "true",
    }
    assert (web["command"], worker["command"]) == (
        ["stagelight", "serve"],
        ["stagelight", "worker"],
    )


def test_compose_takes_what_a_team_needs_from_outside(compose: dict[str, Any]) -> None:
    web, worker = (compose["services"][name]["environment"] for name in ("web", "worker"))
    both = {"STAGELIGHT_ACCOUNTS", "STAGELIGHT_PUBLIC_URL"}
    assert both == {name for name in web.keys() & worker.keys() if web[name] == worker[name]}
    for name, value in web.items():
        if value.startswith("${"):
            usual = "127.0.0.1" if name == "FORWARDED_ALLOW_IPS" else ""
            assert value == f"${{{name}:-{usual}}}"


@pytest.mark.parametrize("name", ["web", "worker"])
def test_compose_gives_each_service_as_few_rights_as_can_be(
    name: str, compose: dict[str, Any]
) -> None:
    service = compose["services"][name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["volumes"] == ["data:/data"]
    assert service["pids_limit"] > 0
    assert size(service["mem_limit"]) > 0
    assert service["cpus"] > 0
    for tmpfs in service["tmpfs"]:
        assert re.match(r"/(tmp|scratch):size=\d+[mg],", tmpfs)
    assert "data" in compose["volumes"]


def test_compose_gives_scripts_a_scratch_that_is_bounded(compose: dict[str, Any]) -> None:
    worker = compose["services"]["worker"]
    folder = worker["environment"]["STAGELIGHT_SCRATCH"]
    [scratch] = [tmpfs for tmpfs in worker["tmpfs"] if tmpfs.startswith(f"{folder}:")]
    options = scratch.partition(":")[2].split(",")
    assert {option.partition("=")[0] for option in options} >= {"size", "nr_inodes"}
    assert {"mode=0700", "uid=10001", "gid=10001", "nosuid", "nodev", "noexec"} <= set(options)


def test_compose_lets_the_worker_have_the_memory_it_promises(compose: dict[str, Any]) -> None:
    worker = compose["services"]["worker"]
    probes = 2 * int(worker["environment"]["STAGELIGHT_MEMORY_MB"]) * MIB
    scratch = sum(size(tmpfs.split("size=")[1].split(",")[0]) for tmpfs in worker["tmpfs"])
    assert size(worker["mem_limit"]) >= probes + scratch + 512 * MIB
    assert worker["memswap_limit"] == worker["mem_limit"]


def test_compose_starts_the_worker_on_a_migrated_database(compose: dict[str, Any]) -> None:
    worker = compose["services"]["worker"]
    assert worker["depends_on"] == {"web": {"condition": "service_healthy"}}
    assert worker["healthcheck"]["test"][:3] == ["CMD", "python", "-c"]
    compile(worker["healthcheck"]["test"][3], "healthcheck", "exec")


def test_the_image_runs_as_nobody_and_watches_itself() -> None:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.splitlines() if line and line[0].isupper()]
    stages = [rest for word, rest in lines if word == "FROM"]
    assert [stage.partition(" AS ")[2] for stage in stages] == ["front", "build", ""]
    last = lines[max(i for i, (word, _) in enumerate(lines) if word == "FROM") :]
    final = dict(last)
    assert final["USER"] == "10001:10001"
    ran = " ".join(rest for word, rest in last if word == "RUN")
    assert "--uid 10001" in ran
    assert "bubblewrap libseccomp2" in ran
    assert "/healthz" in next(rest for word, rest in last if word in ("CMD", "HEALTHCHECK"))
    assert [rest for word, rest in lines if word == "ARG"] == ['TORCH_INDEX_URL=""']
    assert not re.search(r"(?i)secret|token|password", text)
    copied = [word for rest in (r for w, r in last if w == "COPY") for word in rest.split()]
    folders = ["/opt/stagelight", "/srv/stagelight"]
    assert copied == [word for folder in folders for word in ("--from=build", folder, folder)]


def test_the_image_is_built_from_files_that_exist_and_no_others() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    allowed = [line[1:] for line in lines if line.startswith("!")]
    assert allowed
    missing = [name for name in allowed if not (ROOT / name).exists()]
    assert missing == []


def test_make_lists_every_target_that_a_person_may_call() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, timeout=30)
    listed = set(re.findall(r"^  make ([a-z-]+) +\S", done.stdout, flags=re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert phony is not None
    assert listed == set(phony[1].split())
