"""Watches what the host does to its files: inotify, fanotify, dnotify."""

from attack_kit import HOST, reached, syscall

PATHS = (HOST["data_dir"], HOST["writable_dir"], HOST["other_run_dir"], "/tmp", "/", "/etc")
watcher = syscall("inotify_init1", 0)
for path in PATHS:
    if watcher >= 0 and syscall("inotify_add_watch", watcher, path, 0xFFF) >= 0:
        reached(f"a watch on {path}")
for flags in (0, 0x200, 0x600, 0x4, 0x8):  # FAN_REPORT_FID and names, CONTENT, PRE_CONTENT
    fd = syscall("fanotify_init", flags, 0)
    if fd < 0:
        continue
    reached(f"fanotify_init({flags:#x})")
    for path in PATHS:
        for mark in (0x1, 0x11, 0x101):  # ADD, of a mount, of a file system
            if syscall("fanotify_mark", fd, mark, 0x20, -100, path) >= 0:
                reached(f"a mark on {path}")
