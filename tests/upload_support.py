"""Uploads that are refused, with limits that are small."""

import pytest

from app.errors import UploadError
from app.services.uploads import check_upload
from app.settings import Settings

LIMITS = Settings(
    upload_bytes=200_000, script_bytes=20_000, unpacked_bytes=100_000, unpacked_files=20
)


def refused(data: bytes, filename: str = "model.py", entry: str = "") -> UploadError:
    """The error that the upload is refused with; nothing of it may be unpacked either."""
    with pytest.raises(UploadError) as caught:
        check_upload(data, filename, entry, LIMITS)
    error = caught.value
    assert error.message
    assert error.message[0].isprintable()
    return error
