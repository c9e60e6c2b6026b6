"""What becomes of values on their way to host and back, by the classes that the bindings work with."""

import datetime
import enum
import ipaddress
import uuid
from collections import OrderedDict
from decimal import Decimal
from typing import Any, cast

import pytest

import host
from host import _contract as contract
from host import _lift, _lower

class Tier(enum.Enum):
    GUEST = 1


UTC = datetime.timezone.utc


def through(value: Any) -> Any:
    """A value as it comes back when the server changes nothing: what goes out is lifted as the bindings do it."""
    outer = _lower.value(value)
    if type(outer) is contract.ValueArray:
        array = outer.value
        dims = [contract.TYPES["ArrayDim"](dim.len, dim.lower) for dim in array.dims]
        items = [lifted(item) for item in array.items]
        return made(contract.ValueArray, contract.TYPES["Array"](array.element, dims, items))
    return made(contract.ValueScalar, lifted(outer.value))


def made(kind: Any, *payload: Any) -> Any:
    """What the constructor of a case gives, which is not one of its instances."""
    return kind(*payload)


def lifted(case: contract.Case) -> Any:
    payload = case.value
    kind = type(case)
    if kind is contract.Null:
        return made(kind)
    if kind is contract.UuidCase:
        payload = contract.TYPES["Uuid"](payload.hi, payload.lo)
    if kind is contract.TimetzCase:
        payload = contract.TYPES["TimeTz"](payload.micros, payload.offset_secs)
    if kind is contract.Other:
        payload = contract.TYPES["Raw"](payload.type_oid, payload.format, payload.data)
    return made(kind, payload)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**31),
        2**31,
        -(2**63),
        2**63 - 1,
        0.1,
        "Grüße, 世界 🎉",
        b"\x00\xff",
        Decimal("12345678901234567890.123450"),
        Decimal("-0.000000000000000000000000000001"),
        datetime.date.min,
        datetime.date.max,
        datetime.datetime.min,
        datetime.datetime.max,
        datetime.datetime.min.replace(tzinfo=UTC),
        datetime.datetime.max.replace(tzinfo=UTC),
        datetime.time.max,
        datetime.time(12, tzinfo=datetime.timezone(datetime.timedelta(hours=-15, minutes=-59))),
        uuid.UUID("0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11"),
        uuid.UUID(int=2**128 - 1),
        host.Json({"a": [1, None, "x"]}),
        host.Jsonb.parse('{"price": 1.50}'),
        host.Interval(-1, 2, -3),
        host.Date.INFINITY,
        host.Date(-2_451_507),
        host.Timestamp.NEG_INFINITY,
        host.Timestamptz(9_223_371_331_199_999_999),
        host.Time(86_400_000_000),
        host.TimeTz(86_400_000_000, -57_540),
        host.Raw(b"\x00\x01", 600),
        host.Raw(b"(1,2)", 600, text=True),
        [],
        [1, None, 3],
        [["a", "b"], ["c", "d"]],
        [[[True]], [[False]]],
        host.Array([[1, 2], [3, None]], [0, 2]),
    ],
)
def test_values_come_back_as_they_went(value: Any) -> None:
    back = through(value)
    assert (type(back), back) == (type(value), value)
    if isinstance(value, host.Array):
        assert back.lower_bounds == value.lower_bounds
    if isinstance(value, host.Json):
        assert back.text == value.text


@pytest.mark.parametrize(
    ("value", "back"),
    [
        (2**63, Decimal(2**63)),
        (bytearray(b"a"), b"a"),
        (memoryview(b"a"), b"a"),
        (datetime.timedelta(hours=25), host.Interval(0, 1, 3_600_000_000)),
        (datetime.timedelta(microseconds=-1), host.Interval(0, 0, -1)),
        (host.Range(1, 10), "[1,10)"),
        (host.Range.EMPTY, "empty"),
        (ipaddress.ip_interface("192.0.2.7/24"), "192.0.2.7/24"),
        (ipaddress.ip_network("10.1.0.0/16"), "10.1.0.0/16"),
        ((1, 2), [1, 2]),
        ([1, 2**40], [1, 2**40]),
        ([1, 2**70], [Decimal(1), Decimal(2**70)]),
        ([1, 0.5], [1.0, 0.5]),
    ],
)
def test_values_that_become_others(value: Any, back: Any) -> None:
    assert through(value) == back


def test_nan_stays_one() -> None:
    assert through(Decimal("NaN")).is_nan()
    assert through(float("nan")) != through(float("nan"))
    assert through(Decimal("-Infinity")) == Decimal("-Infinity")


def test_subclasses_are_written_as_what_they_are() -> None:
    class Status(enum.StrEnum):
        REGULAR = "regular"

    class Seats(enum.IntEnum):
        TWO = 2

    assert through(Status.REGULAR) == "regular"
    assert through(Seats.TWO) == 2
    assert type(_lower.value(True).value) is contract.Boolean


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": 1}, "wrap it in host.Jsonb"),
        (OrderedDict[str, int](a=1), "wrap it in host.Jsonb"),
        ({1, 2}, "pass a list"),
        (Tier.GUEST, "pass its value"),
        (object(), "of the type object cannot be a parameter"),
        ([1, "a"], "elements of one type, and here are int4 and text"),
        ([b"", 1], "elements of one type, and here are bytea and int4"),
        ([[1], [2, 3]], "different lengths"),
        ([[[[[[[1]]]]]]], "more than 6 dimensions"),
        (host.Array([1], [1, 1]), "1 dimensions has 2 lower bounds"),
        ("\ud800", "surrogates not allowed"),
        (host.Jsonb.parse("\ud800"), "surrogates not allowed"),
        (host.Range("\ud800"), "surrogates not allowed"),
        (host.Date(2**31), "out of range for a date"),
        (host.Timestamp(2**63), "out of range for a timestamp"),
        (host.Timestamptz(-(2**63) - 1), "out of range for a timestamp"),
        (host.Time(2**63), "out of range for a time"),
        (host.TimeTz(0, 2**31), "out of range for an offset"),
        (host.Interval(months=2**31), "out of range for the months"),
        (host.Interval(micros=cast(int, 0.5)), "the microseconds of an interval is a whole number, not float"),
        (host.Raw(cast(bytes, "text")), "are bytes, not str"),
        (host.Raw(b"", -1), "is not the number of a type"),
        (host.Array([1], [2**31]), "out of range for the lower bound"),
    ],
)
def test_what_cannot_be_a_parameter(value: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words) as raised:
        _lower.row([1, value])
    assert raised.value.__notes__ == ["It is the parameter $2."]


@pytest.mark.parametrize(
    ("type_oid", "data", "value"),
    [
        (26, b"\xff\xff\xff\xff", 4_294_967_295),
        (869, bytes([2, 24, 0, 4, 192, 0, 2, 7]), ipaddress.ip_interface("192.0.2.7/24")),
        (869, bytes([2, 32, 0, 4, 192, 0, 2, 7]), ipaddress.ip_address("192.0.2.7")),
        (650, bytes([2, 16, 1, 4, 10, 1, 0, 0]), ipaddress.ip_network("10.1.0.0/16")),
        (869, bytes([3, 64, 0, 16]) + bytes.fromhex("20010db8") + bytes(11) + b"\7", ipaddress.ip_interface("2001:db8::7/64")),
        (829, bytes.fromhex("08002b010203"), "08:00:2b:01:02:03"),
        (1562, b"\0\0\0\x0b\xb3\x80", "10110011100"),
        (1562, b"\0\0\0\0", ""),
        (142, b"<a/>", "<a/>"),
        (22, bytes.fromhex("00000001 00000000 00000015 00000002 00000000 00000002 0001 00000002 fffe"), [1, -2]),
    ],
)
def test_types_without_a_case(type_oid: int, data: bytes, value: Any) -> None:
    assert through(host.Raw(data, type_oid)) == value


def test_ranges() -> None:
    bound = contract.TYPES["Bound"]
    make = contract.TYPES["Range"]
    assert make(23, False, bound(1, True), bound(10, False)) == host.Range(1, 10)
    assert make(23, False, bound(1, False), None) == host.Range(1, None, "()")
    assert make(23, True, None, None) is host.Range.EMPTY
    day = datetime.datetime(2026, 1, 1, tzinfo=UTC)
    assert str(host.Range(day, host.Timestamptz.INFINITY)) == '["2026-01-01 00:00:00+00:00",infinity)'
    assert str(host.Range(Decimal("-1.50"), None)) == "[-1.50,)"
    assert str(host.Range('a"b\\', "")) == r'["a\"b\\","")'


def test_no_bound_is_equal_however_it_is_written() -> None:
    read = contract.TYPES["Range"](23, False, None, contract.TYPES["Bound"](5, False))
    assert str(read) == str(host.Range(None, 5)) == "(,5)"
    assert _lift.EPOCH_UTC.tzinfo is UTC
