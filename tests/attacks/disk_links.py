"""Makes 20,000 hard links, links in circles and links to folders above."""

import os

from attack_kit import HOST, attempt, check_secret, reached, read_path, scratch

folder = scratch()
target = folder / "target"
target.write_bytes(b"x" * 4096)
made = 0
while made < 20_000 and attempt(os.link, target, folder / f"hard{made}") is None:
    made += 1
if made >= 20_000:
    reached(f"{made} hard links")
for name, to in {"a": "b", "b": "a", "self": "self", "up": "..", "root": "/", "here": "."}.items():
    attempt(os.symlink, to, folder / f"circle_{name}")
for depth in range(40):
    attempt(os.symlink, f"chain{depth + 1}", folder / f"chain{depth}")
attempt(os.symlink, "/", folder / "chain40")
check_secret("through links", attempt(read_path, f"{folder}/chain0{HOST['secret_file']}"))
check_secret("through a link", attempt(read_path, f"{folder}/circle_root{HOST['secret_file']}"))
