"""The files that pages need from elsewhere are the ones that were looked at, byte for byte."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.login_pages import EntryPage
from app.settings import ROOT

SCRIPT = ROOT / "scripts" / "vendor.py"
MANIFEST: dict[str, Any] = json.loads((ROOT / "static" / "vendor.json").read_text())


def vendor(root: Path) -> subprocess.CompletedProcess[str]:
    """Run the script on a checkout of its own."""
    command = [sys.executable, str(root / "scripts" / "vendor.py")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one file to copy and one icon, whose checksums are right."""
    icon = '<!-- licence -->\n<svg\n  width="24"\n>\n  <path d="M0 0" />\n</svg>\n'
    sprite = (
        b'<svg xmlns="http://www.w3.org/2000/svg">\n'
        b'<symbol id="dot" viewBox="0 0 24 24"><path d="M0 0" /></symbol>\n</svg>\n'
    )
    manifest = {
        "files": {"a.js": {"source": "a/dist/a.js", "sha256": hashlib.sha256(b"a()").hexdigest()}},
        "icons": {
            "source": "icons",
            "names": ["dot"],
            "sha256": hashlib.sha256(sprite).hexdigest(),
        },
    }
    files = {
        "scripts/vendor.py": SCRIPT.read_text(),
        "static/vendor.json": json.dumps(manifest),
        "node_modules/a/dist/a.js": "a()",
        "node_modules/icons/dot.svg": icon,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_files_and_icons_are_copied(checkout: Path) -> None:
    assert vendor(checkout).returncode == 0
    copied = {path.name for path in (checkout / "static" / "vendor").iterdir()}
    assert copied == {"a.js", "icons.svg"}


@pytest.mark.parametrize("name", ["a/dist/a.js", "icons/dot.svg"])
def test_a_file_that_changed_is_refused(name: str, checkout: Path) -> None:
    path = checkout / "node_modules" / name
    path.write_text(path.read_text().replace("M0", "M1") + "evil()")
    if name.endswith(".svg"):
        path.write_text(path.read_text().replace("evil()", ""))
    answer = vendor(checkout)
    assert answer.returncode == 1
    assert "static/vendor.json says" in answer.stderr
    assert not (checkout / "static" / "vendor").exists()


def test_it_says_what_to_run_first(checkout: Path) -> None:
    (checkout / "node_modules").rename(checkout / "elsewhere")
    assert "npm ci --ignore-scripts" in vendor(checkout).stderr


def test_what_is_served_is_what_the_manifest_says() -> None:
    entries = MANIFEST["files"] | {"icons.svg": MANIFEST["icons"]}
    for name, entry in entries.items():
        data = (ROOT / "static" / "vendor" / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"], name


def test_every_icon_that_a_template_draws_is_there() -> None:
    text = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    calls = re.findall(r"icon\(([^)]*)\)", text)
    maps = re.findall(r"_ICONS = \{(.*?)\}", text, re.DOTALL)
    drawn = {name for call in calls for name in re.findall(r'"([\w-]+)"(?! else| ==)', call)}
    drawn |= {name for body in maps for name in re.findall(r': "([\w-]+)"', body)}
    assert drawn == set(MANIFEST["icons"]["names"])


def test_every_file_that_a_template_links_is_there() -> None:
    text = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    linked = {path for path in re.findall(r"asset\('([^']+)'\)", text) if "." in path}
    assert linked
    for path in linked:
        assert (ROOT / "static" / path).is_file(), path
    lists = re.findall(r"for sheet in \((.*?)\)", text)
    named = {name for sheets in lists for name in re.findall(r'"([\w-]+)"', sheets)}
    named |= {Path(path).stem for path in linked if path.endswith(".css")}
    named |= set(EntryPage.sheets)
    assert named == {path.stem for path in (ROOT / "static" / "css").glob("*.css")}


def test_the_modules_of_the_picture_are_fetched_at_once() -> None:
    folder = ROOT / "static" / "js" / "graph"
    text = "".join(path.read_text() for path in folder.glob("*.js"))
    imported = set(re.findall(r'from "\./([\w-]+)\.js"', text))
    assert imported == {path.stem for path in folder.glob("*.js")} - {"main"}
    template = (ROOT / "templates" / "graph" / "_picture.html").read_text()
    (parts,) = re.findall(r"for part in \((.*?)\)", template)
    assert set(re.findall(r'"([\w-]+)"', parts)) == imported


def test_versions_are_exact_and_the_lock_agrees() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        locked = lock[f"node_modules/{name}"]
        assert locked["version"] == version
        assert locked["integrity"].startswith("sha512-")
        assert "resolved" not in locked
