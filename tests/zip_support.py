"""Zip archives as people make them, and odd ones."""

import io
import zipfile


def make_zip(files: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An ordinary archive: the same bytes at any time, for they may name a test."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def make_odd_zip(*members: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    """An archive whose members are described by hand."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for info, data in members:
            archive.writestr(info, data)
    return buffer.getvalue()


def member(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    """A member with this name and these Unix permission bits."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info
