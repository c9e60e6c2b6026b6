"""Rows, errors, and what is said where there is no host."""

import pickle
from types import SimpleNamespace
from typing import cast

import pytest

import host
from host import _bridge, _sql
from host._rows import one, optional, rows_of


def result(names: list[str], *rows: list[object]) -> host.Rows:
    columns = [host.Column(name, 25, "text", 0, 0) for name in names]
    return rows_of(SimpleNamespace(columns=columns, rows=list(rows)))


def test_a_row_is_a_tuple_with_names() -> None:
    (row,) = result(["count", "index", "Full name", "class"], [1, 2, "x", 4])
    assert list(row) == [1, 2, "x", 4]
    assert (row.count, row.index, row["Full name"], row["class"]) == (1, 2, "x", 4)
    assert row[1:3] == (2, "x")
    assert pickle.loads(pickle.dumps(row)) == row
    with pytest.raises(KeyError, match="no column 'name': the columns are count, index, Full name, class"):
        row["name"]
    assert not hasattr(row, "name")


def test_columns_of_one_name_are_not_guessed() -> None:
    (row,) = result(["id", "id"], [1, 2])
    assert (row[0], row[1]) == (1, 2)
    with pytest.raises(AttributeError, match="several columns are called 'id'"):
        row.id
    assert repr(row) == "Row(1, 2)"


def test_an_empty_result_knows_its_columns() -> None:
    rows = result(["id"])
    assert (len(rows), [column.name for column in rows.columns]) == (0, ["id"])


def test_the_number_of_rows() -> None:
    none, two = result(["id"]), result(["id"], [1], [2])
    assert optional(none, "") is None
    with pytest.raises(host.Conversion, match="one row was wanted, and 0 came from: SELECT id FROM t"):
        one(none, "SELECT id\n  FROM t")
    with pytest.raises(host.Conversion, match="one row at most was wanted, and 2 came from: S{79}…$"):
        optional(two, "S" * 100)


def test_without_host() -> None:
    for call in (lambda: host.execute("SELECT 1"), lambda: host.query("SELECT 1"), host.run_info, lambda: host.log("x")):
        with pytest.raises(RuntimeError, match="there is no host here"):
            call()
    with pytest.raises(RuntimeError, match="there is no host here"):
        with host.savepoint():
            pass


def test_a_level_has_a_name() -> None:
    with pytest.raises(ValueError, match="'warning' is not a level: choose of trace, debug, info, warn, error"):
        host.log("x", cast(host.Level, "warning"))


def test_a_statement_is_text() -> None:
    with pytest.raises(TypeError, match="a statement is a str, not int"):
        _sql.text(cast(str, 1))


def test_json_is_what_it_says() -> None:
    price = host.Jsonb.parse('{"price": 1.50}')
    assert price == host.Jsonb({"price": 1.5}) != host.Json({"price": 1.5})
    assert bool(host.Json([])) is False and host.Json(None).value is None
    with pytest.raises(TypeError, match="a Jsonb has no hash"):
        hash(price)


class Handle:
    """A statement or savepoint of the bindings, which must not be used after it was dropped."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> object:
        assert "__exit__" not in self.calls

        def call(*_: object) -> None:
            self.calls.append(name)

        return call

    def __exit__(self, *args: object) -> None:
        assert "__exit__" not in self.calls
        self.calls.append("__exit__")


def test_a_closed_statement_is_not_used() -> None:
    handle = Handle()
    with host.Statement(handle, "SELECT 1") as statement:
        statement.execute()
    statement.close()
    assert handle.calls == ["execute", "__exit__"]
    with pytest.raises(host.Misuse, match="the statement is closed"):
        statement.params()


def test_a_savepoint_is_open_in_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    handles = [Handle(), Handle()]
    iterator = iter(handles)
    monkeypatch.setattr(_bridge, "sql", SimpleNamespace(begin_savepoint=lambda: next(iterator)))
    point = host.savepoint()
    with pytest.raises(host.Misuse, match="not open"):
        point.rollback()
    with point:
        with pytest.raises(host.Misuse, match="open already"):
            point.__enter__()
    with pytest.raises(LookupError), point:
        point.rollback()
        raise LookupError
    with pytest.raises(host.Misuse, match="not open"):
        point.release()
    assert [handle.calls for handle in handles] == [["release", "__exit__"], ["rollback", "__exit__"]]
