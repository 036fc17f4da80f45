"""Numbers keep their type, their decimals and their column's bounds."""

import math
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskr.errors import PolicyError
from tests.masking import Masking

_AMOUNTS = st.decimals(-(10**8), 10**8, allow_nan=False, allow_infinity=False, places=2)


@settings(deadline=None)
@given(st.lists(_AMOUNTS, min_size=1))
def test_noise_stays_within_its_share_and_keeps_the_decimals(amounts: list[Decimal]) -> None:
    values = [str(amount) for amount in amounts]
    fakes = Masking("n: {mask: noise, spread: 10%}", "numeric(10,2)")(values)
    for amount, fake in zip(amounts, fakes, strict=True):
        assert fake is not None
        assert abs(Decimal(fake) - amount) <= abs(amount) / 10 + Decimal("0.01")
        assert Decimal(fake).as_tuple().exponent == -2


@pytest.mark.parametrize("distribution", ["uniform", "gaussian", "laplace"])
def test_noise_is_centred_and_as_wide_as_asked(distribution: str) -> None:
    rule = f"n: {{mask: noise, spread: 100.0, distribution: {distribution}}}"
    values = [f"{n}.5" for n in range(20_000)]
    moves = [float(f or 0) - float(v) for f, v in zip(Masking(rule)(values), values, strict=True)]
    assert abs(sum(moves)) / len(moves) < 3
    mean = sum(map(abs, moves)) / len(moves)
    expected = {"uniform": 50, "gaussian": 100 * math.sqrt(2 / math.pi), "laplace": 100}
    assert mean == pytest.approx(expected[distribution], rel=0.05)


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("smallint", "32767"),
        ("integer", "-2147483648"),
        ("bigint", "9223372036854775807"),
        ("numeric(5,2)", "999.99"),
        ("numeric(40,10)", "9" * 30 + "." + "9" * 10),
        ("double precision", "1.7e+308"),
        ("real", "3.4e+38"),
    ],
)
def test_noise_at_the_edge_of_a_type_fits_it(type: str, value: str) -> None:
    masking = Masking("n: {mask: noise, spread: 500%}", type)
    bound = Decimal("1.7e308") if type == "double precision" else abs(Decimal(value)) + 1
    for text in (value, str(-Decimal(value) if "e" not in value else "-" + value)):
        (fake,) = masking([text])
        assert abs(Decimal(str(fake))) <= bound


@pytest.mark.parametrize("rule", ["noise", "round", "bucket", "{mask: clamp, minimum: 0}"])
def test_what_is_no_number_but_a_value_of_the_type_stays(rule: str) -> None:
    values = ["NaN", "Infinity", "-Infinity", None]
    assert Masking(f"n: {rule}", "double precision")(values) == values


def test_a_text_that_is_no_number_is_masked_as_text() -> None:
    (fake,) = Masking("n: noise")(["about 40, says Ann"])
    assert fake is not None
    assert "Ann" not in fake
    assert "40" not in fake


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        ("{mask: round, to: 1000}", "12499", "12000"),
        ("{mask: round, to: 0.5}", "1.26", "1.50"),
        ("{mask: bucket, width: 10}", "37", "30"),
        ("{mask: bucket, width: 10}", "-1", "-10"),
        ("{mask: bucket, width: 10, start: 5}", "37", "35"),
        ("{mask: clamp, maximum: 90}", "104", "90"),
        ("{mask: clamp, maximum: 90}", "89.999", "89.999"),
        ("{mask: clamp, minimum: 18}", "3", "18"),
    ],
)
def test_a_number_is_made_vague(rule: str, value: str, expected: str) -> None:
    assert Masking(f"n: {rule}", "numeric")([value]) == [expected]


@pytest.mark.parametrize(
    ("rule", "type", "low", "high"),
    [
        ("{mask: random_int, minimum: -5, maximum: 5}", "smallint", -5, 5),
        ("{mask: random_decimal, minimum: 1, maximum: 2}", "numeric(3,2)", 1, 2),
        ("{mask: random_float, minimum: 0.5, maximum: 0.75}", "double precision", 0.5, 0.75),
    ],
)
def test_a_drawn_number_lies_between_its_bounds(
    rule: str, type: str, low: float, high: float
) -> None:
    drawn = [float(fake or "nan") for fake in Masking(f"n: {rule}", type)([*map(str, range(999))])]
    assert all(low <= number <= high for number in drawn)
    assert max(drawn) - min(drawn) > 0.9 * (high - low)


def test_drawn_integers_are_uniform() -> None:
    drawn = Masking("n: {mask: random_int, minimum: 0, maximum: 9}", "bigint")(
        [*map(str, range(100_000))]
    )
    counts = Counter(drawn)
    chi_square = sum((count - 10_000) ** 2 / 10_000 for count in counts.values())
    assert len(counts) == 10
    assert chi_square < 33.7  # 9 degrees of freedom: 1 in 10,000


def test_booleans_have_the_share_that_was_asked_for() -> None:
    fakes = Masking("b: {mask: random_bool, share: 0.25}")([*map(str, range(10_000))])
    assert Counter(fakes)["true"] == pytest.approx(2500, rel=0.1)


@pytest.mark.parametrize(
    "rule", ["{mask: random_int, maximum: 40000}", "{mask: random_int, minimum: 9, maximum: 1}"]
)
def test_bounds_that_the_column_cannot_hold_are_refused(rule: str) -> None:
    with pytest.raises(PolicyError) as refused:
        Masking(f"n: {rule}", "smallint")
    assert [finding.code for finding in refused.value.findings] == ["bad-parameter"]
    assert refused.value.findings[0].place is not None
