"""Answers that are files."""

from fastapi import Response

PYTHON = "text/x-python; charset=utf-8"


def file(content: bytes | str, name: str, media_type: str, *, shown: bool = False) -> Response:
    """A file that a browser saves under this name, or shows."""
    how = "inline" if shown else "attachment"
    headers = {"Content-Disposition": f'{how}; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
