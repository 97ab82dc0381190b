"""A number is read as it is written, or not at all."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.environments.adapters.jsonl import Jsonl
from burnish.environments.adapters.numbers import expected_number, number_of, numbers_in
from burnish.errors import PluginError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("35", "35"), ("-35", "-35"), ("+3.5", "3.5"), ("\u221235", "-35"), (" 3.50 ", "3.5"), (".5", "0.5"),
        ("5.", "5"),
        ("1,234", "1234"), ("1,234,567.5", "1234567.5"), ("-1,000", "-1000"), ("1e-3", "0.001"), ("007", "7"),
        ("3,5", "3.5"), ("-0,75", "-0.75"), ("12,34", "12.34"), ("0,500", "0.5"), ("1234,567", "1234.567"),
        ("1.234,5", "1234.5"), ("1.234.567", "1234567"), ("1.234", "1.234"),
        ("1,2,3", None), ("3,,5", None), (",5", None), ("5,", None), ("1,234,56", None), ("1.23,4", None),
        ("1,234.567,8", None), ("1 234", None), ("1_000", None), ("1'000", None), ("\uff11\uff12", None),
        ("\u0661", None), ("nan", None), ("inf", None), ("1e999", None), ("", None), ("-", None),
        ("--5", None), ("\u2212-5", None), ("0x10", None), ("five", None), ("1" * 61, None),
    ],
)  # fmt: skip
def test_a_number_is_read_as_written_or_not_at_all(text: str, value: str | None) -> None:
    assert number_of(text) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("It is 35.", ["35"]),
        ("$3.50, or 20 %", ["3.5", "20"]),
        ("from \u22125 to (7)", ["-5", "7"]),
        ("It is 3,5.", ["3.5"]),
        ("1,2,3 or 35", [None, "35"]),
        ("on 12.03.2024", [None]),
        ("about .5!", ["0.5"]),
        ("no number: x1, b-2", []),
        ("1 234", ["1", "234"]),
    ],
)
def test_what_looks_like_a_number_and_cannot_be_read_is_not_passed_over(text: str, values: list[str | None]) -> None:
    assert numbers_in(text) == [None if value is None else Decimal(value) for value in values]


@given(st.integers(-(10**20), 10**20), st.integers(0, 6))
def test_what_python_writes_is_read(number: int, places: int) -> None:
    value = Decimal(number).scaleb(-places)
    assert number_of(f"{value:f}") == value
    assert number_of(f"{value:,f}") == value, "thousands parted by commas"


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("1,2,3", "must be a number, with one point for decimals"),
        ("1,234", "is ambiguous: its comma may part thousands or decimals"),
        ("\u22121,234", "is ambiguous"),
        ("3,,5", "must be a number, with one point for decimals"),
        ("five", "must be a number"),
    ],
)
def test_an_expectation_that_could_mean_two_things_is_refused_with_its_line(
    tmp_path: Path, written: str, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        expected_number(written)
    file = tmp_path / "tasks.jsonl"
    file.write_text('{"prompt": "a?", "answer": 1}\n{"prompt": "b?", "answer": "' + written + '"}\n', encoding="utf-8")
    with pytest.raises(PluginError, match=rf'line 2: has a field "answer" that {says}'):
        Jsonl(str(file), scorer="number")


@pytest.mark.parametrize("written", ["35", "-3.5", "3,5", "1.234,5", "1,234.5", "1,234,567", "0.001", "\u22127"])
def test_an_expectation_that_means_one_thing_is_kept(written: str) -> None:
    assert expected_number(f" {written} ") == written
