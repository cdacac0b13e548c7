"""Changes a file of the runtime: opened for writing, emptied by open, truncated, mapped."""

import mmap
import os
from pathlib import Path

from attack_kit import HOST, attempt, reached, syscall

# Three letters that nothing needs: what a broken sandbox loses here is soon restored.
found = attempt(lambda: sorted(Path(HOST["site_packages"]).glob("torch-*/INSTALLER")))
path = str(found[0]) if isinstance(found, list) and found else f"{HOST['site_packages']}/six.py"
before = os.stat(path).st_size  # noqa: PTH116
for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND, os.O_RDWR | os.O_PATH):
    for name in (path, f"/proc/self/root{path}"):
        fd = attempt(os.open, name, flags)
        if isinstance(fd, int) and not flags & os.O_PATH:
            reached(f"{path} is open with {flags:#x}")
        if isinstance(fd, int):
            again = attempt(os.open, f"/proc/self/fd/{fd}", os.O_RDWR)
            if isinstance(again, int):
                reached(f"{path} is open again for writing")
fd = attempt(os.open, path, os.O_RDONLY)
if isinstance(fd, int):
    if isinstance(attempt(os.open, f"/proc/self/fd/{fd}", os.O_WRONLY), int):
        reached("a read-only descriptor became one for writing")
    if not isinstance(attempt(mmap.mmap, fd, 0, mmap.MAP_SHARED, mmap.PROT_WRITE), Exception):
        reached("a shared map for writing of a read-only descriptor")
    for name in ("ftruncate", "fallocate"):
        if syscall(name, fd, *((before,) if name == "ftruncate" else (0, 0, before))) >= 0:
            reached(f"{name} of a read-only descriptor")
if syscall("truncate", path, before) >= 0:
    reached("truncate")
for flags in (os.O_RDONLY | os.O_TRUNC, os.O_RDONLY | os.O_CREAT | os.O_TRUNC):
    attempt(os.open, path, flags)
if os.stat(path).st_size != before:  # noqa: PTH116
    reached("the file was emptied by an open for reading")
