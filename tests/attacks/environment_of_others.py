"""Reads the environment, command line and state of every other process through /proc."""

from attack_kit import HOST, attempt, holds_masked, others, reached, read_path, syscall

FILES = ("environ", "cmdline", "auxv", "status", "stat", "cgroup", "mountinfo", "limits", "syscall")
for pid in others():
    for name in FILES:
        data = attempt(read_path, f"/proc/{pid}/{name}")
        if isinstance(data, bytes):
            secret = holds_masked(data, HOST["secret_env"])
            reached(f"/proc/{pid}/{name}" + (" with the secret" if secret else ""))
folder = syscall("openat", -100, "/proc", 0o200000 | 0o10000000, 0)  # O_DIRECTORY | O_PATH
for pid in others():
    if folder >= 0 and syscall("openat", folder, f"{pid}/environ", 0, 0) >= 0:
        reached(f"environ of {pid} below a descriptor of /proc")
