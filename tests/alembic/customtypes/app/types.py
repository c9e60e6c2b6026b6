"""Types of the project, the way GeoAlchemy makes them."""
import enum

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, UserDefinedType


class Point(UserDefinedType):
    """PostgreSQL's point, written by a function and read as text."""

    cache_ok = True

    def get_col_spec(self, **kw):
        return "POINT"

    def bind_expression(self, bindvalue):
        return sa.func.point(sa.cast(bindvalue, sa.Text), type_=self)

    def column_expression(self, col):
        return sa.func.concat(col, type_=self)

    def bind_processor(self, dialect):
        return lambda value: None if value is None else f"({value[0]},{value[1]})"

    def result_processor(self, dialect, coltype):
        return lambda value: None if value is None else tuple(float(part) for part in value.strip("()").split(","))


class Money(TypeDecorator):
    """Cents in Python, a number with two digits in the database."""

    impl = sa.Numeric(12, 2)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else value / 100

    def process_result_value(self, value, dialect):
        return None if value is None else int(value * 100)


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"
