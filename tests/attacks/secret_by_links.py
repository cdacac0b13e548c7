"""Brings the secret file into scratch with symbolic links, hard links and renames."""

import os

from attack_kit import (
    HERE,
    HOST,
    attempt,
    check_secret,
    reached,
    read_path,
    scratch,
    syscall,
)

secret = HOST["secret_file"]
folder, name = os.path.split(secret)
for place in (str(scratch()), str(HERE), "/tmp", "/dev/shm"):
    link = f"{place}/secret_link"
    attempt(os.symlink, secret, link)
    check_secret(f"by a symbolic link in {place}", attempt(read_path, link))
    attempt(os.symlink, folder, f"{place}/secret_folder")
    inside = f"{place}/secret_folder/{name}"
    check_secret("by a link to its folder", attempt(read_path, inside))
    attempt(os.symlink, "secret_loop_b", f"{place}/secret_loop_a")
    attempt(os.symlink, "/proc/self/root" + secret, f"{place}/secret_loop_b")
    check_secret("by a chain of links", attempt(read_path, f"{place}/secret_loop_a"))
    hard = f"{place}/secret_hard"
    if attempt(os.link, secret, hard) is None:
        reached("a hard link of the secret file")
    fd = syscall("open", secret, os.O_PATH)
    if fd >= 0 and syscall("linkat", fd, "", -100, hard, 0x1000) >= 0:  # AT_EMPTY_PATH
        reached("a hard link from an O_PATH descriptor")
    if fd >= 0 and syscall("linkat", -100, f"/proc/self/fd/{fd}", -100, hard, 0x400) >= 0:
        reached("a hard link from /proc/self/fd")
    check_secret("by a hard link", attempt(read_path, hard))
    moved = f"{place}/secret_moved"
    if attempt(os.rename, secret, moved) is None:
        reached("the secret file was moved")
        attempt(os.rename, moved, secret)
