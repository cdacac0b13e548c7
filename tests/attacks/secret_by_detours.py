"""Reads the secret file over .., /proc/self/root and the folders of others."""

import os

from attack_kit import (
    HOST,
    attempt,
    check_secret,
    others,
    read_path,
    scratch,
)

secret = HOST["secret_file"]
folder, name = os.path.split(secret)
up = "/.." * 40
detours = [
    "." + up + secret,
    str(scratch()) + up + secret,
    HOST["site_packages"] + up + secret,
    HOST["python_prefix"] + "/lib" + up + secret,
    "/usr/lib" + up + secret,
    "/proc/self/root" + secret,
    "/proc/self/cwd" + up + secret,
    f"/proc/self/task/{os.getpid()}/root" + secret,
    "/proc/thread-self/root" + secret,
    "/" + secret,
    secret + "/",
    f"{folder}/./{name}",
]
for pid in others():
    detours += [f"/proc/{pid}/root{secret}", f"/proc/{pid}/cwd{up}{secret}"]
for path in detours:
    check_secret(f"at {path}", attempt(read_path, path))
for start in ("/", folder, str(scratch())):
    if attempt(os.chdir, start) is None:
        check_secret(f"from {start}", attempt(read_path, os.path.relpath(secret, start)))
