"""Renames, relinks and retimes the runtime's files, and changes their rights and attributes."""

import os
from pathlib import Path

from attack_kit import HOST, LEFT, attempt, reached, scratch, syscall

found = attempt(lambda: sorted(Path(HOST["site_packages"]).glob("torch-*/INSTALLER")))
path = str(found[0]) if isinstance(found, list) and found else f"{HOST['site_packages']}/six.py"


def state() -> tuple[int, ...]:
    info = os.stat(path)  # noqa: PTH116
    return info.st_mode, info.st_uid, info.st_gid, info.st_mtime_ns, info.st_nlink, info.st_size


before = state()
fd = os.open(path, os.O_RDONLY)
attempt(os.chmod, path, 0o666)
attempt(os.fchmod, fd, 0o666)
attempt(os.chown, path, os.getuid(), os.getgid())
attempt(os.utime, path, (1, 1))
syscall("utimensat", fd, 0, 0, 0)
attempt(os.link, path, scratch() / "hard")
syscall("linkat", fd, "", -100, str(scratch() / "hard2"), 0x1000)
if state() != before:
    reached(f"the file is {state()}, it was {before}")
for name in ("user.attack", "security.capability", "trusted.attack"):
    for call, target in (("setxattr", path), ("fsetxattr", fd)):
        if syscall(call, target, name, b"x", 1, 0) >= 0 and name in attempt(os.listxattr, path):
            reached(f"the attribute {name}")
for target in (f"{path}.{LEFT}", str(scratch() / "moved")):
    for name, extra in (("rename", ()), ("renameat2", (0,)), ("renameat2", (2,))):
        arguments = (path, target) if name == "rename" else (-100, path, -100, target, *extra)
        if syscall(name, *arguments) >= 0:
            reached(f"{name} to {target}")
            attempt(os.rename, target, path)
folder = os.path.dirname(path)  # noqa: PTH120
if attempt(os.rename, folder, f"{folder}.{LEFT}") is None:
    reached("its folder was renamed")
    attempt(os.rename, f"{folder}.{LEFT}", folder)
content = attempt(Path(path).read_bytes)
if attempt(os.unlink, path) is None:
    reached("the file was removed")
    attempt(Path(path).write_bytes, content)
