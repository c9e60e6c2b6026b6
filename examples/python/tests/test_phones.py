"""Tests the part of a migration that only computes: no database and no host are needed."""

import runpy

import pytest

normalised = runpy.run_path("migrations/202601020900_normalise_phones.py")["normalised"]


def test_numbers() -> None:
    assert normalised("030 1234-567") == "+49301234567"
    assert normalised("+1 (555) 010-2030") == "+15550102030"
    with pytest.raises(ValueError, match="neither a country nor an area"):
        normalised("1234")
