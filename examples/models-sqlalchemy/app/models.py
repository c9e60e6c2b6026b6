"""The models of a small library."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, MetaData, Numeric, String, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    # Every constraint has a name that both sides know.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class State(enum.Enum):
    new = "new"
    lent = "lent"
    lost = "lost"


class Author(Base):
    __tablename__ = "authors"
    __table_args__ = {"comment": "Who wrote a book"}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    languages: Mapped[list[str]] = mapped_column(ARRAY(String), server_default=text("'{}'"))
    books: Mapped[list[Book]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "books"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price"),
        Index("ix_books_title_lower", text("lower(title)")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    state: Mapped[State] = mapped_column(Enum(State, name="book_state"), server_default="new")
    added: Mapped[datetime] = mapped_column(server_default=func.now())
    facts: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("""'{"rate": "5%"}'::jsonb"""))
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id", ondelete="CASCADE"), index=True)
    author: Mapped[Author] = relationship(back_populates="books")


class Visit(Base):
    __tablename__ = "visits"
    __table_args__ = {"schema": "statistics"}

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))
