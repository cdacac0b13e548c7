"""Copies what the pages need from node_modules to static/vendor, every checksum verified.

static/vendor.json says what and with which SHA-256. After a change of package.json or of the
icons: npm install --ignore-scripts, then `python scripts/vendor.py --pin` writes them anew.
"""

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
MANIFEST = ROOT / "static" / "vendor.json"
TARGET = ROOT / "static" / "vendor"
SPRITE = "icons.svg"


class File(TypedDict):
    """A file to copy: its place in node_modules, and what it must be."""

    source: str
    sha256: str


class Sprite(TypedDict):
    """Icons by name, drawn into one file."""

    source: str
    names: list[str]
    sha256: str


class Manifest(TypedDict):
    """static/vendor.json; files by the name they get."""

    files: dict[str, File]
    icons: Sprite


def build_sprite(icons: Sprite) -> bytes:
    """One SVG with a symbol an icon; a page draws it with <use href="icons.svg#name">."""
    symbols = []
    for name in sorted(icons["names"]):
        text = (MODULES / icons["source"] / f"{name}.svg").read_text(encoding="utf-8")
        found = re.search(r"<svg[^>]*>(.*)</svg>", text, re.DOTALL)
        if found is None:
            sys.exit(f"{name}.svg is no SVG")
        drawing = "".join(line.strip() for line in found[1].splitlines())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>')
    body = "\n".join(symbols)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n'.encode()


def collect(manifest: Manifest) -> dict[str, tuple[bytes, str]]:
    """Each file's bytes and the checksum it must have."""
    found = {
        name: ((MODULES / file["source"]).read_bytes(), file["sha256"])
        for name, file in manifest["files"].items()
    }
    found[SPRITE] = build_sprite(manifest["icons"]), manifest["icons"]["sha256"]
    return found


def verify(found: dict[str, tuple[bytes, str]]) -> None:
    """End with a message where a file is not what the manifest says."""
    for name, (data, expected) in found.items():
        actual = hashlib.sha256(data).hexdigest()
        if actual != expected:
            sys.exit(f"{name} has SHA-256 {actual}, static/vendor.json says {expected}.")


def pin(manifest: Manifest, found: dict[str, tuple[bytes, str]]) -> None:
    """Write the checksums of what is there."""
    for name, (data, _) in found.items():
        entry = manifest["icons"] if name == SPRITE else manifest["files"][name]
        entry["sha256"] = hashlib.sha256(data).hexdigest()
    MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> None:
    """Copy, or with --pin write the manifest's checksums."""
    manifest: Manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    if not MODULES.is_dir():
        sys.exit("node_modules is not there: run npm ci --ignore-scripts first.")
    found = collect(manifest)
    if arguments == ["--pin"]:
        pin(manifest, found)
        return
    verify(found)
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, (data, _) in found.items():
        (TARGET / name).write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1:])
