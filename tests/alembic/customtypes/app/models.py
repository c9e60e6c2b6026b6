import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .types import Money, Point


class Base(DeclarativeBase):
    pass


class Place(Base):
    __tablename__ = "place"
    id: Mapped[int] = mapped_column(primary_key=True)
    at = mapped_column(Point())
    rent = mapped_column(Money())
    name = mapped_column(sa.String(40))
