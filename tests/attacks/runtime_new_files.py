"""Puts files where the next job would import them: packages, .pth, bytecode, stand-ins."""

import os
import sys
from pathlib import Path

from attack_kit import HOST, LEFT, attempt, is_own, reached

site = HOST["site_packages"]
folders = {site, HOST["python_prefix"], f"{HOST['python_prefix']}/lib", f"{site}/torch"}
folders |= {f"{HOST['python_prefix']}/bin", os.path.dirname(os.__file__), *sys.path}  # noqa: PTH120
names = (f"{LEFT}.pth", f"{LEFT}.py", "sitecustomize.py", "usercustomize.py", f"{LEFT}.so")
for folder in folders:
    if not folder or is_own(folder):
        continue
    for name in names:
        path = Path(folder, name)
        if not path.exists() and isinstance(attempt(path.write_text, ""), int):
            reached(f"{path} was made")
            attempt(path.unlink)
    for kind in ("mkdir", "touch"):
        path = Path(folder, LEFT)
        if attempt(getattr(path, kind)) is None:
            reached(f"{path} by {kind}")
            attempt(path.rmdir)
            attempt(path.unlink)
    for link in (os.symlink, os.link):
        if attempt(link, __file__, f"{folder}/{LEFT}_link") is None:
            reached(f"a link in {folder}")
            attempt(os.unlink, f"{folder}/{LEFT}_link")
    cache = Path(folder, "__pycache__", f"{LEFT}.cpython-311.pyc")
    if isinstance(attempt(cache.write_bytes, b""), int):
        reached(f"bytecode in {folder}")
        attempt(cache.unlink)
