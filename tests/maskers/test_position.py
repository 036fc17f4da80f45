from math import asin, cos, radians, sin, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.masking import Masking

_LAT = Masking("lat: {mask: latitude, by: id, metres: 500}", others=["id"])
_LON = Masking("lon: {mask: longitude, by: id, metres: 500, latitude: lat}", others=["lat", "id"])


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two points, by the haversine formula."""
    (a, b), (c, d) = ((radians(x), radians(y)) for x, y in (one, other))
    part = sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2
    return 2 * 6_371_008.8 * asin(sqrt(part))


@given(
    st.lists(st.tuples(st.floats(-85, 85), st.floats(-180, 180)), min_size=1), st.integers(0, 99)
)
@settings(deadline=None)
def test_a_point_moves_a_little(points: list[tuple[float, float]], seed: int) -> None:
    lats, lons = ([f"{point[axis]:.7f}" for point in points] for axis in (0, 1))
    ids = [str(seed + number) for number in range(len(points))]
    moved_lats = [str(fake) for fake in _LAT(lats, ids)]
    moved_lons = [str(fake) for fake in _LON(lons, lats, ids)]
    for *before, lat, lon in zip(lats, lons, moved_lats, moved_lons, strict=True):
        there = float(lat), float(lon)
        assert 40 <= distance((float(before[0]), float(before[1])), there) <= 520
        assert -180 <= there[1] <= 180


@pytest.mark.parametrize(("value", "decimals"), [("48.13743", 5), ("48.1", 1), ("48", 0)])
def test_no_decimal_is_added(value: str, decimals: int) -> None:
    fakes = Masking("lat: {mask: latitude, metres: 90000, by: id}", others=["id"])(
        [value] * 100, [str(number) for number in range(100)]
    )
    assert {len(str(fake).partition(".")[2]) for fake in fakes} <= set(range(decimals + 1))
    assert len(set(fakes)) > 2


def test_the_poles_are_the_end_and_the_date_line_is_not() -> None:
    ids = [str(number) for number in range(200)]
    lats = [float(str(fake)) for fake in _LAT(["90.00000"] * 200, ids)]
    assert max(lats) <= 90
    lons = [float(str(fake)) for fake in _LON(["180.00000"] * 200, ["0"] * 200, ids)]
    assert min(lons) < -179.9
    assert max(lons) > 179.9


def test_what_is_no_number_does_not_come_back() -> None:
    (fake,) = Masking("lat: latitude")(["near the station"])
    assert fake not in (None, "near the station")
