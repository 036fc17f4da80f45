"""FF1 against the samples of NIST SP 800-38G, and against an implementation of somebody else's."""

import fastfpe
import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from maskr.maskers import ff1

_KEY = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94"
_SIGNS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS, _LETTERS = "0123456789", "0123456789abcdefghi"
_TWEAK_10, _TWEAK_36 = "39383736353433323130", "3737373770717273373737"


def _cipher(key: str) -> ff1.Encrypt:
    return Cipher(algorithms.AES(bytes.fromhex(key)), modes.ECB()).encryptor().update


def _encrypt(key: str, radix: int, texts: list[str], tweak: str = "") -> list[str]:
    numerals = np.array([[_SIGNS.index(sign) for sign in text] for text in texts], np.uint8)
    out = ff1.encrypt(_cipher(key), radix, numerals, bytes.fromhex(tweak))
    return ["".join(_SIGNS[numeral] for numeral in row) for row in out]


@pytest.mark.parametrize(
    ("bits", "radix", "tweak", "text", "fake"),
    [
        (128, 10, "", _DIGITS, "2433477484"),
        (128, 10, _TWEAK_10, _DIGITS, "6124200773"),
        (128, 36, _TWEAK_36, _LETTERS, "a9tv40mll9kdu509eum"),
        (192, 10, "", _DIGITS, "2830668132"),
        (192, 10, _TWEAK_10, _DIGITS, "2496655549"),
        (192, 36, _TWEAK_36, _LETTERS, "xbj3kv35jrawxv32ysr"),
        (256, 10, "", _DIGITS, "6657667009"),
        (256, 10, _TWEAK_10, _DIGITS, "1001623463"),
        (256, 36, _TWEAK_36, _LETTERS, "xs8a0azh2avyalyzuwd"),
    ],
)
def test_it_gives_what_the_samples_of_nist_give(
    bits: int, radix: int, tweak: str, text: str, fake: str
) -> None:
    assert _encrypt(_KEY[: bits // 4], radix, [text], tweak) == [fake]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_it_agrees_with_another_implementation(data: st.DataObject) -> None:
    radix = data.draw(st.sampled_from([2, 10, 16, 26, 36, 62]))
    least = int(np.ceil(np.log(1_000_000) / np.log(radix)))
    length = data.draw(st.integers(least, 70))
    texts = st.text(_SIGNS[:radix], min_size=length, max_size=length)
    given = data.draw(st.lists(texts, min_size=1, max_size=5))
    tweak = data.draw(st.binary(max_size=20)).hex()
    theirs = [fastfpe.ff1.encrypt(_KEY, tweak, _SIGNS[:radix], text) for text in given]
    assert _encrypt(_KEY, radix, given, tweak) == theirs


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_bits_are_numerals_of_radix_two(data: st.DataObject) -> None:
    bits = data.draw(st.integers(20, 64))
    number = data.draw(st.integers(0, 2**bits - 1))
    (theirs,) = _encrypt(_KEY, 2, [f"{number:0{bits}b}"])
    ours = ff1.encrypt_bits(_cipher(_KEY), bits, np.array([number], np.uint64))
    assert int(ours[0]) == int(theirs, 2)
