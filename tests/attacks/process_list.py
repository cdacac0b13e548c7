"""Looks for the host's processes: by listing /proc and by asking for each of them."""

import os

from attack_kit import HOST, attempt, reached

host = {HOST["worker_pid"], HOST["victim_pid"], *HOST["zygote_pids"]} - {os.getpid()}
for path in ("/proc", "/proc/self/../", "/proc/self/root/proc"):
    listed = attempt(os.listdir, path)
    if isinstance(listed, list):
        for pid in host & {int(name) for name in listed if name.isdigit()}:
            reached(f"process {pid} in {path}")
found = attempt(lambda: [entry.name for entry in os.scandir("/proc") if entry.name.isdigit()])
if isinstance(found, list) and host & set(map(int, found)):
    reached("processes of the host with scandir")
