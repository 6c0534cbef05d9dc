"""How the numbers of a result are worded: digits, units, the interval and the null."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.numbers import Value, format_value


def make_value(
    value: float | None, ci_low: float | None = None, ci_high: float | None = None, null: float | None = None, unit: str = ""
) -> Value:
    return Value({"what": "CKA"}, value, ci_low, ci_high, 500, null, unit, "debiased CKA")


@pytest.mark.parametrize(
    ("numbers", "unit", "words"),
    [
        ((0.62, 0.55, 0.69), "", "0.62 [0.55, 0.69]"),
        ((0.6234, 0.55, 0.6912), "", "0.623 [0.550, 0.691]"),
        ((0.0, 0.0, 0.0), "", "0.00 [0.00, 0.00]"),
        ((-0.0001, -0.2, 0.2), "", "0.00 [-0.20, 0.20]"),
        ((0.0012, -0.1, 0.1), "", "0.001 [-0.100, 0.100]"),
        ((0.5,), "", "0.50"),
        ((0.9994,), "", "0.999"),
        ((0.9996,), "", "1.00"),
        ((9.996,), "", "10.0"),
        ((99.94, 9.9, 99.96), "dB", "100 dB [10, 100]"),
        ((999.6,), "Hz", "1,000 Hz"),
        ((1234.0, 1230.0, 1236.0), "Hz", "1,230 Hz [1,230, 1,240]"),
        ((999_499.0,), "", "999,000"),
        ((1.234e6,), "", "1.23e+06"),
        ((0.0001234,), "", "0.000123"),
        ((0.00001234, 0.0, 0.00002), "", "1.23e-05 [0, 2.00e-05]"),
        ((0.6234, 0.5504, 0.6916), "share", "62.3 % [55.0, 69.2]"),
        ((0.99951,), "share", "100.0 %"),
        ((-0.0004,), "share", "0.0 %"),
        ((62.34, 55.0, 69.0), "%", "62.3 % [55.0, 69.0]"),
        ((None,), "share", "not available"),
    ],
)
def test_numbers_are_worded(numbers: tuple[float | None, ...], unit: str, words: str) -> None:
    assert format_value(make_value(*numbers, unit=unit)) == words


BELOW, ABOVE = math.nextafter(0.1, 0), math.nextafter(0.1, 1)


@pytest.mark.parametrize(
    ("interval", "null", "inside"),
    [
        ((0.1, 0.3), 0.1, True),  # the ends belong to the interval
        ((0.1, 0.3), 0.3, True),
        ((ABOVE, 0.3), 0.1, False),
        ((0.0, BELOW), 0.1, False),
        ((0.1, 0.1), 0.1, True),
        ((0.1, 0.3), None, None),
        ((None, None), 0.2, None),
    ],
)
def test_inside_the_null_is_said(interval: tuple[float | None, float | None], null: float | None, inside: bool | None) -> None:
    value = make_value(0.2, *interval, null=null)
    assert value.inside_null is inside
    assert format_value(value).endswith(f", not distinguishable from the null ({null:.2f})" if inside else ("]", "0.20"))
    assert ("not distinguishable" in format_value(value)) is bool(inside)


def test_the_null_is_named_and_has_the_unit() -> None:
    value = make_value(0.031, 0.012, 0.05, null=0.02, unit="share")
    assert format_value(value, "shuffled pairs") == (
        "3.1 % [1.2, 5.0], not distinguishable from the null (shuffled pairs, 2.0 %)"
    )
    assert format_value(make_value(12.0, 9.5, 14.5, null=10.0, unit="dB"), "chance").endswith("the null (chance, 10.0 dB)")


@given(st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x == 0 or 1e-300 < abs(x) < 1e300))
def test_three_digits_are_near(number: float) -> None:
    written = float(format_value(make_value(number)).replace(",", ""))
    assert abs(written - number) <= 0.00501 * abs(number)
