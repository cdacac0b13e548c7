"""What the runs of one owner keep, summed up: of 100,000 runs it is asked at every upload."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class Holding(SQLModel, table=True):
    """One owner's sum. Only app/services/holdings.py writes it."""

    owner: str = Field(primary_key=True, max_length=80)  # as runs name them
    bytes: int = Field(sa_type=BigInteger)
