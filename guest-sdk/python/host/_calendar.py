"""Dates and times that Python's own types cannot hold: infinite ones, those before the year 1 and after 9999, 24:00,
and intervals with months. Each of them can be read, compared, printed and passed back."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import ClassVar

DAY_MICROS = 86_400_000_000
_DATE_MIN, _DATE_MAX = -(1 << 31), (1 << 31) - 1
_MOMENT_MIN, _MOMENT_MAX = -(1 << 63), (1 << 63) - 1


@dataclass(frozen=True, order=True, slots=True)
class Date:
    """A date that `datetime.date` cannot hold, as days since 2000-01-01.

    >>> print(Date.INFINITY, Date(-730_120), Date(2_145_031_948))
    infinity 0001-12-31 BC 5874897-12-31
    """

    days: int
    INFINITY: ClassVar[Date]
    NEG_INFINITY: ClassVar[Date]

    def __str__(self) -> str:
        if self.days in (_DATE_MIN, _DATE_MAX):
            return _infinity(self.days)
        year, rest = _ymd(self.days)
        return f"{rest} BC" if year < 1 else rest


@dataclass(frozen=True, order=True, slots=True)
class Timestamp:
    """A timestamp that `datetime.datetime` cannot hold, as microseconds since 2000-01-01 00:00.

    >>> print(Timestamp.NEG_INFINITY, Timestamp(-211_810_204_800_000_000))
    -infinity 4713-01-01 00:00:00 BC
    """

    micros: int
    INFINITY: ClassVar[Timestamp]
    NEG_INFINITY: ClassVar[Timestamp]

    def __str__(self) -> str:
        return _moment(self.micros, "")


@dataclass(frozen=True, order=True, slots=True)
class Timestamptz:
    """A timestamp with time zone that `datetime.datetime` cannot hold, as microseconds since 2000-01-01 00:00 UTC.

    >>> print(Timestamptz.INFINITY, Timestamptz(9_223_371_331_199_999_999))
    infinity 294276-12-31 23:59:59.999999+00
    """

    micros: int
    INFINITY: ClassVar[Timestamptz]
    NEG_INFINITY: ClassVar[Timestamptz]

    def __str__(self) -> str:
        return _moment(self.micros, "+00")


Date.INFINITY, Date.NEG_INFINITY = Date(_DATE_MAX), Date(_DATE_MIN)
Timestamp.INFINITY, Timestamp.NEG_INFINITY = Timestamp(_MOMENT_MAX), Timestamp(_MOMENT_MIN)
Timestamptz.INFINITY, Timestamptz.NEG_INFINITY = Timestamptz(_MOMENT_MAX), Timestamptz(_MOMENT_MIN)


@dataclass(frozen=True, order=True, slots=True)
class Time:
    """The time of day 24:00, which `datetime.time` cannot hold, as microseconds since midnight.

    >>> print(Time(86_400_000_000))
    24:00:00
    """

    micros: int

    def __str__(self) -> str:
        return _clock(self.micros)


@dataclass(frozen=True, slots=True)
class TimeTz:
    """24:00 with an offset, as microseconds since local midnight and seconds east of Greenwich.

    >>> print(TimeTz(86_400_000_000, 5400))
    24:00:00+01:30
    """

    micros: int
    offset_secs: int

    def __str__(self) -> str:
        sign, seconds = "-" if self.offset_secs < 0 else "+", abs(self.offset_secs)
        offset = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}"
        return _clock(self.micros) + offset + (f":{seconds % 60:02}" if seconds % 60 else "")


@dataclass(frozen=True, slots=True)
class Interval:
    """PostgreSQL's interval: months, days and microseconds, which are independent of each other, because a month has no
    fixed number of days, and a day no fixed number of hours.

    A `datetime.timedelta` can be passed as well; what is read is always an `Interval`.

    >>> import datetime
    >>> Interval(months=1, days=2, micros=3_000_004)
    Interval(months=1, days=2, micros=3000004)
    >>> print(Interval(months=14, days=-1))
    1 year 2 months -1 days
    >>> Interval.of(datetime.timedelta(hours=36))
    Interval(months=0, days=1, micros=43200000000)
    >>> Interval(days=1, micros=1).timedelta()
    datetime.timedelta(days=1, microseconds=1)
    """

    months: int = 0
    days: int = 0
    micros: int = 0

    @classmethod
    def of(cls, delta: datetime.timedelta) -> Interval:
        """The interval of as many days and microseconds."""
        micros = (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
        days = abs(micros) // DAY_MICROS * (1 if micros > 0 else -1)
        return cls(0, days, micros - days * DAY_MICROS)

    def timedelta(self) -> datetime.timedelta:
        """The same length as a `timedelta`, where a day has 24 hours. With months there is none.

        >>> Interval(months=1).timedelta()
        Traceback (most recent call last):
        ValueError: '1 month' has months, whose length depends on the date
        """
        if self.months:
            raise ValueError(f"'{self}' has months, whose length depends on the date")
        return datetime.timedelta(days=self.days, microseconds=self.micros)

    def __str__(self) -> str:
        years, months = abs(self.months) // 12, abs(self.months) % 12
        sign = -1 if self.months < 0 else 1
        parts = [(years * sign, "year"), (months * sign, "month"), (self.days, "day")]
        words = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count]
        if self.micros or not words:
            words.append(("-" if self.micros < 0 else "") + _clock(abs(self.micros)))
        return " ".join(words)


def _infinity(number: int) -> str:
    return "infinity" if number > 0 else "-infinity"


def _ymd(days: int) -> tuple[int, str]:
    # 400 years have 146,097 days, so the calendar of 2000 to 2399 serves for all.
    era, day = divmod(days, 146_097)
    date = datetime.date.fromordinal(730_120 + day)
    year = date.year + era * 400
    return year, f"{year if year > 0 else 1 - year:04}-{date.month:02}-{date.day:02}"


def _clock(micros: int) -> str:
    seconds, rest = divmod(micros, 1_000_000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{rest:06}" if rest else text


def _moment(micros: int, zone: str) -> str:
    if micros in (_MOMENT_MIN, _MOMENT_MAX):
        return _infinity(micros)
    days, rest = divmod(micros, DAY_MICROS)
    year, date = _ymd(days)
    return f"{date} {_clock(rest)}{zone}" + (" BC" if year < 1 else "")
