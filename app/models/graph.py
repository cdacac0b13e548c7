"""The FX graph of a stage: compressed, and stored once per content."""

from sqlmodel import Field, SQLModel


class Graph(SQLModel, table=True):
    """A GraphDocument and its plain-text FX code, both deflated with zlib."""

    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True, min_length=64, max_length=64)  # SHA-256 of document and code
    version: int  # of the document's format
    nodes: int
    document: bytes  # JSON, see app/graphs/document.py
    code: bytes  # UTF-8
