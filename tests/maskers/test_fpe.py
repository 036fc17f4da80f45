from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskr.errors import PolicyError
from tests.masking import Masking

_SSN = Masking("ssn: {mask: fpe}")
_BIGINT = -(2**63), 2**63 - 1


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_short_values_are_permuted_among_themselves(length: int) -> None:
    every = ["".join(digits) for digits in product("0123456789", repeat=length)]
    fakes = _SSN(every)
    assert fakes != every
    assert sorted(map(str, fakes)) == every


@given(st.lists(st.text("0123456789 -./", min_size=1), unique=True, min_size=1))
@settings(deadline=None)
def test_what_is_not_of_the_alphabet_stays_in_its_place(values: list[str]) -> None:
    fakes = _SSN(values)
    for value, fake in zip(values, fakes, strict=True):
        if any(sign.isdigit() for sign in value):
            assert fake is not None
            shape = ["0" if sign.isdigit() else sign for sign in value]
            assert ["0" if sign.isdigit() else sign for sign in fake] == shape
    assert len(set(fakes)) == len(values)


def test_a_value_without_a_character_of_the_alphabet_does_not_come_back() -> None:
    (fake,) = _SSN(["Miller"])
    assert fake is not None
    assert "Miller" not in fake


def test_a_capital_stays_one() -> None:
    (fake,) = Masking("c: {mask: fpe, alphabet: letters}")(["McDonald-abcXYZ 12"])
    assert fake is not None
    assert [sign.isupper() for sign in fake] == [sign.isupper() for sign in "McDonald-abcXYZ 12"]
    assert fake.endswith(" 12")


def test_an_alphabet_of_ones_own_is_kept_to() -> None:
    fakes = Masking("c: {mask: fpe, alphabet: ACGT}")(["GATTACAGATTACA", "ACGT"])
    assert all(set(str(fake)) <= set("ACGT") for fake in fakes)


@pytest.mark.parametrize("alphabet", ["a", "aa", "äö", '"a\\tb"'])
def test_no_other_alphabet_is_taken(alphabet: str) -> None:
    with pytest.raises(PolicyError):
        Masking(f"c: {{mask: fpe, alphabet: {alphabet}}}")


@given(st.lists(st.integers(*_BIGINT), unique=True, min_size=1))
@settings(deadline=None)
def test_numbers_stay_apart_and_within_their_type(numbers: list[int]) -> None:
    fakes = _permuted("id: permute", numbers)
    assert len(set(fakes)) == len(numbers)
    for number, fake in zip(numbers, fakes, strict=True):
        assert (number < 0) == (fake < 0)
        for bits in (16, 32):
            bound = 1 << (bits - 1)
            assert (-bound <= number < bound) == (-bound <= fake < bound)


@pytest.mark.parametrize(("low", "high"), [(1, 1000), (-7, 3_000_000), (5, 5), _BIGINT])
def test_a_range_is_not_left_and_not_entered(low: int, high: int) -> None:
    inside = [low, low + (high - low) // 2, high]
    beyond = [number for number in (low - 1, high + 1, high + 100_000) if number < 2**63]
    outside = [number for number in beyond if number >= -(2**63)]
    rule = f"id: {{mask: permute, low: {low}, high: {high}}}"
    fakes = _permuted(rule, [*dict.fromkeys(inside), *outside])
    within = [low <= fake <= high for fake in fakes]
    assert within == [*[True] * len(set(inside)), *[False] * len(outside)]
    assert len(set(fakes)) == len(fakes)


def test_a_range_is_permuted_whole() -> None:
    fakes = _permuted("id: {mask: permute, low: 1, high: 5000}", list(range(1, 5001)))
    assert fakes != sorted(fakes)
    assert sorted(fakes) == list(range(1, 5001))


def test_a_foreign_key_of_another_width_follows() -> None:
    numbers = ["1", "17", "32767"]
    fakes = {type: Masking("id: permute", type)(numbers) for type in ("smallint", "bigint")}
    assert fakes["smallint"] == fakes["bigint"]


@pytest.mark.parametrize(("low", "high"), [(10, 1), (0, 40_000), (-40_000, 0)])
def test_a_range_that_cannot_be_is_refused(low: int, high: int) -> None:
    with pytest.raises(PolicyError):
        Masking(f"id: {{mask: permute, low: {low}, high: {high}}}", "smallint")


def _permuted(rule: str, numbers: list[int]) -> list[int]:
    return [int(str(fake)) for fake in Masking(rule, "bigint")([str(n) for n in numbers])]
