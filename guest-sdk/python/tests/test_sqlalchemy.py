"""The statements that models of SQLAlchemy are printed as."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy import Column, Enum, ForeignKey, Integer, MetaData, Sequence, String, Table, text

from host_migrate.sqlalchemy import ModelsError, load, main, statements


def test_tables_that_refer_to_each_other_come_before_their_foreign_keys() -> None:
    metadata = MetaData()
    Table("a", metadata, Column("id", Integer, primary_key=True), Column("b", Integer, ForeignKey("b.id", name="a_b", use_alter=True)))
    Table("b", metadata, Column("id", Integer, primary_key=True), Column("a", Integer, ForeignKey("a.id", name="b_a")))
    lines = statements(metadata)
    assert [line.split("(")[0].strip() for line in lines] == ["CREATE TABLE a", "CREATE TABLE b", "ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY"]


def test_what_a_default_says_stays() -> None:
    metadata = MetaData()
    Table("rates", metadata, Column("rate", String, server_default="5%"), Column("at", String, server_default=text("now()::text")))
    assert "DEFAULT '5%'" in statements(metadata)[0]
    assert "DEFAULT now()::text" in statements(metadata)[0]


def test_schemas_types_and_sequences_are_made() -> None:
    metadata = MetaData(schema="shop")
    Table(
        "orders",
        metadata,
        Column("id", Integer, Sequence("numbers", metadata=metadata), primary_key=True),
        Column("state", Enum("new", "paid", name="state", schema="types")),
    )
    lines = statements(metadata)
    assert lines[:2] == ["CREATE SCHEMA IF NOT EXISTS shop", "CREATE SCHEMA IF NOT EXISTS types"]
    assert any(line.startswith("CREATE TYPE types.state AS ENUM") for line in lines)
    assert any(line.startswith("CREATE SEQUENCE shop.numbers") for line in lines)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = "models_of_a_test"
    (tmp_path / f"{name}.py").write_text(
        "from sqlalchemy import Column, Integer, MetaData, Table\n"
        "metadata = MetaData()\nempty = MetaData()\nnumber = 7\nboth = [metadata, metadata]\n"
        "Table('plates', metadata, Column('id', Integer))\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


def test_the_statements_are_printed_once(models: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"{models}:both", f"{models}:metadata"]) == 0
    assert capsys.readouterr().out.count("CREATE TABLE plates") == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing", "has no attribute 'nothing'"),
        ("empty", "has no tables"),
        ("number", "neither a MetaData nor a declarative base, but of the type int"),
    ],
)
def test_what_is_no_metadata_is_told(models: str, name: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"{models}:{name}"]) == 1
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""


def test_a_target_has_a_module_and_a_name() -> None:
    with pytest.raises(ModelsError, match="not of the form module:name"):
        load("app.models")


def test_without_a_target_the_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage:" in capsys.readouterr().err
