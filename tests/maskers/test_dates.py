"""Dates stay dates, wherever the calendar ends."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskr.errors import PolicyError
from tests.masking import Masking

_DAYS = st.dates(date(1000, 1, 1), date(3000, 1, 1))


@settings(deadline=None)
@given(_DAYS, _DAYS)
def test_the_time_between_two_dates_of_one_entity_stays(one: date, other: date) -> None:
    masking = Masking("d: {mask: shift_date, by: who}", "date", ["who"])
    first, second = masking([str(one), str(other)], ["7", "7"])
    moved = date.fromisoformat(str(second)) - date.fromisoformat(str(first))
    assert moved == other - one


@settings(deadline=None)
@given(_DAYS)
def test_a_date_moves_by_no_more_than_its_days_and_never_by_none(day: date) -> None:
    (fake,) = Masking("d: {mask: shift_date, days: 30}", "date")([str(day)])
    assert 1 <= abs(date.fromisoformat(str(fake)) - day).days <= 30


@pytest.mark.parametrize("value", ["infinity", "-infinity", None])
@pytest.mark.parametrize("rule", ["shift_date", "generalise"])
def test_what_never_ends_stays(rule: str, value: str | None) -> None:
    assert Masking(f"d: {rule}", "date")([value]) == [value]


@pytest.mark.parametrize(
    "value",
    ["0044-03-15 BC", "0001-01-01", "10000-05-05", "294276-12-31 23:59:59", "4713-01-02 BC"],
)
def test_dates_far_away_stay_dates_of_the_calendar(value: str) -> None:
    (fake,) = Masking("d: shift_date", "timestamp without time zone")([value])
    assert fake is not None
    assert fake != value
    year = int(fake.partition("-")[0])
    assert 0 < year <= 294_276


@pytest.mark.parametrize(
    "tail", [" 23:59:59.999999", " 00:00:00+00", " 12:00:00+05:30", "T12:00:00Z", "Z"]
)
def test_the_time_of_day_stays(tail: str) -> None:
    (fake,) = Masking("d: shift_date")(["2024-02-29" + tail])
    assert fake is not None
    assert fake.endswith(tail)
    assert not fake.startswith("2024-02-29")


def test_a_date_that_would_pass_a_bound_moves_the_other_way() -> None:
    rule = 'd: {mask: shift_date, days: 100, latest: "2024-06-30", earliest: "2024-01-01"}'
    days = [str(date(2024, 4, 1) + timedelta(days)) for days in range(-60, 60)]
    fakes = Masking(rule, "date")(days)
    assert all("2023-11" < str(fake) <= "2024-06-30" for fake in fakes)


@pytest.mark.parametrize(
    ("to", "value", "expected"),
    [
        ("month", "2024-05-17", "2024-05-01"),
        ("quarter", "2024-05-17", "2024-04-01"),
        ("year", "2024-05-17", "2024-01-01"),
        ("decade", "2024-05-17", "2020-01-01"),
        ("decade", "0005-05-17 BC", "0001-01-01 BC"),
        ("day", "2024-05-17 12:34:56.789+00", "2024-05-17 00:00:00+00"),
        ("month", "2024-05-17 12:34:56", "2024-05-01 00:00:00"),
        ("year", "10000-05-17 12:34:56 BC", "10000-01-01 00:00:00 BC"),
        ("year, years: 5", "1983-05-17", "1980-01-01"),
        ("year, years: 25", "0012-05-17", "0001-01-01"),
    ],
)
def test_a_date_is_made_vague(to: str, value: str, expected: str) -> None:
    fakes = Masking(f"d: {{mask: generalise, to: {to}}}", "timestamp with time zone")([value])
    assert fakes == [expected]


def test_bands_of_years_are_for_years_only() -> None:
    with pytest.raises(PolicyError):
        Masking("d: {mask: generalise, to: month, years: 5}", "date")


@pytest.mark.parametrize("rule", ["shift_date", "generalise"])
@pytest.mark.parametrize(
    "value", ["13.05.1980, Ann", "2024-01-01 call Ann", "05/13/1980", "1980", ""]
)
def test_a_text_that_is_no_date_is_masked_as_text(rule: str, value: str) -> None:
    (fake,) = Masking(f"d: {rule}")([value])
    assert fake is not None
    assert "Ann" not in fake
    assert len(fake) == len(value)
    assert fake != value or not value


def test_a_drawn_date_lies_between_its_bounds() -> None:
    rule = 'd: {mask: random_date, earliest: "2020-01-01", latest: "2020-01-31"}'
    fakes = Masking(rule, "date")([f"19{n:02}-01-01" for n in range(100)] * 5)
    assert {*fakes} <= {f"2020-01-{day:02}" for day in range(1, 32)}
    assert len({*fakes}) > 20


def test_bounds_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(PolicyError):
        Masking('d: {mask: random_date, earliest: "2020-01-01", latest: "2019-01-01"}', "date")
