"""AES-CMAC over a column: the published vectors, and another implementation of it."""

import polars as pl
import pytest
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st

from maskr.keys.cmac import Cmac

# NIST SP 800-38B, "CMAC-AES256" examples: of their messages only the empty one is UTF-8 text; the
# other implementation below covers the rest.
NIST_KEY = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=70)


def macs(key: bytes, values: list[str | None]) -> list[bytes]:
    column = Cmac(key).column(pl.Series(values, dtype=pl.String))
    return [row.tobytes() for row in column]


def reference(key: bytes, value: str) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(value.encode())
    return mac.finalize()


def test_the_empty_message_has_the_mac_that_nist_published() -> None:
    expected = bytes.fromhex("028962f61b7bf89efc6b551f4667d983")

    assert macs(NIST_KEY, [""]) == [expected]


@given(st.binary(min_size=32, max_size=32), st.lists(texts, max_size=20))
def test_every_column_has_the_macs_of_its_values(key: bytes, values: list[str]) -> None:
    assert macs(key, [*values]) == [reference(key, value) for value in values]


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 31, 32, 33, 160, 100_000])
def test_a_text_may_end_anywhere_in_a_block(size: int) -> None:
    for value in ("x" * size, ("é" * size)[: size // 2]):
        assert macs(NIST_KEY, [value, "beside"])[0] == reference(NIST_KEY, value)


def test_null_has_the_mac_of_the_empty_text() -> None:
    assert macs(NIST_KEY, [None]) == macs(NIST_KEY, [""])
