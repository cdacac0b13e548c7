"""Reads the secret file with what loads code, modules, data and libraries."""

import configparser
import ctypes
import importlib.machinery
import linecache
import runpy
import sqlite3
import tokenize
import zipfile
from pathlib import Path
from typing import Any

from attack_kit import HOST, attempt, check_secret, reached

secret = HOST["secret_file"]


def query(uri: str) -> Any:
    return sqlite3.connect(uri, uri=True).execute("select * from x")


def decoded() -> str:
    with tokenize.open(secret) as file:
        return file.read()


check_secret("with linecache", "".join(linecache.getlines(secret)))
check_secret("with tokenize", attempt(decoded))
check_secret("below site-packages", attempt(Path(HOST["site_packages"], secret).read_text))
if attempt(lambda: configparser.ConfigParser().read(secret)) == [secret]:
    reached("the secret file with configparser")
loader = importlib.machinery.SourceFileLoader("secret", secret)
check_secret("with an import loader", attempt(loader.get_data, secret))
for load in (runpy.run_path, loader.get_code, zipfile.ZipFile):
    error = attempt(load, "secret" if load == loader.get_code else secret)
    if isinstance(error, SyntaxError | NameError | zipfile.BadZipFile):
        reached(f"the secret file as code: {type(error).__name__} {error}")
error = attempt(ctypes.CDLL, secret)
if isinstance(error, OSError) and ("invalid ELF" in str(error) or "too short" in str(error)):
    reached("the secret file with dlopen")
for uri in (f"file:{secret}?mode=ro", f"file:{secret}?immutable=1", f"file:{secret}"):
    error = attempt(query, uri)
    if isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error):
        reached("the secret file with sqlite")
