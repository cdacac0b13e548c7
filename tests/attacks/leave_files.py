"""Leaves files, folders and links everywhere it can, by a name that the next job looks for."""

import os
import tempfile
from pathlib import Path

from attack_kit import HERE, HOST, LEFT, attempt, own_folders

folders = {*own_folders(), HERE, HERE.parent, Path.cwd(), Path(tempfile.gettempdir())}
folders |= {Path(name) for name in ("/tmp", "/dev/shm", "/var/tmp", "/", "/run")}
for folder in folders:
    attempt((folder / LEFT).write_text, "left")
    attempt((folder / f".{LEFT}").write_text, "left")
    attempt((folder / f"{LEFT}_folder").mkdir)
    attempt(os.symlink, HOST["secret_file"], folder / f"{LEFT}_link")
home = Path(os.environ.get("HOME", "/"))
startup = f"import builtins; builtins.{LEFT} = 1"
for name in (".config/python", ".local/lib/python3.11/site-packages", ".cache/torch", ".cache"):
    attempt(lambda name=name: (home / name).mkdir(parents=True))
    for file in ("usercustomize.py", "sitecustomize.py", f"{LEFT}.pth", f"{LEFT}.py"):
        attempt((home / name / file).write_text, startup)
for file in (".pythonrc", ".bashrc", ".profile", ".netrc", ".gitconfig"):
    attempt((home / file).write_text, startup)
