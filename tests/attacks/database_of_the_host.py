"""Opens the database, the uploads and the folder of another run."""

import os
import sqlite3
from pathlib import Path

from attack_kit import HOST, attempt, is_own, reached, read_path

for folder in (HOST["data_dir"], HOST["other_run_dir"], HOST["writable_dir"]):
    for path in (folder, f"{folder}/scripts", "/proc/self/root" + folder, folder + "/../"):
        listed = attempt(os.listdir, path)
        if isinstance(listed, list) and listed and not is_own(path):
            reached(f"the listing of {path}: {listed[:3]}")
    for found in attempt(lambda folder=folder: list(Path(folder).rglob("*"))) or ():
        if isinstance(attempt(read_path, found), bytes):
            reached(f"a file of the host: {found}")
database = f"{HOST['data_dir']}/stagelight.db"
for suffix in ("", "-wal", "-shm", "-journal"):
    for flags in (os.O_RDONLY, os.O_RDWR):
        if isinstance(attempt(os.open, database + suffix, flags), int):
            reached(f"the database: {suffix} {flags}")
for uri in (f"file:{database}", f"file:{database}?mode=ro", f"file:{database}?immutable=1"):
    rows = attempt(
        lambda uri=uri: (
            sqlite3.connect(uri, uri=True).execute("select name from sqlite_master").fetchall()
        )
    )
    if isinstance(rows, list):
        reached(f"the database's tables: {rows[:3]}")
