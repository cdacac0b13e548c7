"""Uploads by SHA-256: whole or not at all, once, and gone when asked."""

import hashlib
from pathlib import Path

import pytest

from app.errors import NotFoundError
from app.services.storage import BlobStore

DATA = b"some bytes"
SHA256 = hashlib.sha256(DATA).hexdigest()


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_what_is_put_is_got(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    assert store.put(DATA) == SHA256
    assert store.get(SHA256) == DATA
    assert files(tmp_path) == [f"{SHA256[:2]}/{SHA256}"]


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    store.put(DATA)
    before = (tmp_path / SHA256[:2] / SHA256).stat().st_ino
    assert store.put(DATA) == SHA256
    assert (tmp_path / SHA256[:2] / SHA256).stat().st_ino == before


def test_a_put_that_fails_leaves_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        BlobStore(tmp_path).put(DATA)
    assert files(tmp_path) == []


def test_what_is_deleted_is_not_found(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    store.put(DATA)
    store.delete(SHA256)
    store.delete(SHA256)
    with pytest.raises(NotFoundError):
        store.get(SHA256)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, SHA256 + "0", "/" + SHA256])
def test_only_a_sha256_is_a_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no SHA-256"):
        BlobStore(tmp_path).get(name)
