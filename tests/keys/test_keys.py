"""Keys and draws, held against the standard library and the papers they come from."""

import copy
import hashlib
import hmac
import os
import pickle
import sys
import traceback
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st

from maskr.errors import KeyMissingError
from maskr.keys import Draws, Key, read_key_command, read_key_file

SECRET = bytes(range(32))
KEY = Key(SECRET)
OTHER = Key(SECRET[::-1])
WORDS = pl.Series([f"word {n}" for n in range(1000)])
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=80)


def hkdf(secret: bytes, info: str, size: int) -> bytes:
    """HKDF-SHA-256 as RFC 5869 spells it, without a salt: extract, then expand."""
    extracted = hmac.digest(bytes(32), secret, "sha256")
    out, block, counter = b"", b"", 1
    while len(out) < size:
        block = hmac.digest(extracted, block + info.encode() + bytes([counter]), "sha256")
        out, counter = out + block, counter + 1
    return out[:size]


def blocks(draws: Draws) -> bytes:
    return draws.block("any").tobytes()


def cmac(key: bytes, text: str) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(text.encode())
    return mac.finalize()


@given(st.lists(texts, min_size=1, max_size=20), texts, texts)
def test_a_draw_is_made_of_published_constructions_and_nothing_else(
    values: list[str], namespace: str, label: str
) -> None:
    """HKDF of the key, CMAC of the value, AES under the label's key: each by another hand."""
    namespace_key = hkdf(SECRET, f"maskr/1/namespace/{namespace}", 32)
    mac_key = hkdf(namespace_key, "cmac", 32)
    label_key = hkdf(namespace_key, f"label/{label}", 32)
    encrypt = Cipher(algorithms.AES(label_key), modes.ECB()).encryptor()
    expected = encrypt.update(b"".join(cmac(mac_key, text) for text in values))
    assert KEY.namespace(namespace).draws(pl.Series(values)).block(label).tobytes() == expected


def test_what_a_key_and_a_value_give_is_what_it_was_in_the_first_version() -> None:
    """Golden: whoever changes this changes every staging that was ever filled."""
    draws = KEY.namespace().draws(pl.Series(["Zorvika", "", "Grŷmp 😀"]))
    assert draws.hex("hash", 8).to_list() == ["e5e043fd", "b9955e53", "c2967196"]
    assert KEY.fingerprint == "edde1bc2a05c3ab5"
    assert KEY.seed("pool/first_name") == 9711507405191593913


def test_hkdf_is_what_rfc_5869_gives_in_its_third_test_case() -> None:
    """The oracle itself: no salt, no info, and 42 bytes."""
    assert hkdf(b"\x0b" * 22, "", 42).hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


@given(st.lists(texts, min_size=1, max_size=9), st.integers(0, 9))
def test_a_value_draws_the_same_in_whatever_batch_it_stands(values: list[str], cut: int) -> None:
    namespace = KEY.namespace()
    parts = [pl.Series(part, dtype=pl.String) for part in (values[:cut], values[cut:])]
    whole = blocks(namespace.draws(pl.Series(values)))
    assert b"".join(blocks(namespace.draws(part)) for part in parts) == whole


def test_a_null_draws_as_the_empty_text_does() -> None:
    drawn = KEY.namespace().draws(pl.Series([None, ""], dtype=pl.String)).words("any")
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (KEY.namespace("a").draws(WORDS).words("x"), KEY.namespace("b").draws(WORDS).words("x")),
        (KEY.namespace("a").draws(WORDS).words("x"), KEY.namespace("a").draws(WORDS).words("y")),
        (KEY.namespace("a").draws(WORDS).words("x"), OTHER.namespace("a").draws(WORDS).words("x")),
        (KEY.namespace().draws(WORDS).words("x"), KEY.namespace().draws(WORDS).again().words("x")),
    ],
    ids=["namespace", "label", "key", "again"],
)
def test_another_one_gives_other_draws_for_every_value(
    one: np.ndarray[tuple[int], np.dtype[np.uint64]],
    other: np.ndarray[tuple[int], np.dtype[np.uint64]],
) -> None:
    assert not (one == other).any()


def test_another_key_has_other_fingerprints_and_seeds() -> None:
    assert KEY.fingerprint != OTHER.fingerprint
    assert KEY.seed("pool") != OTHER.seed("pool") != OTHER.seed("pond")


def chi_square(counts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    expected = counts.sum() / len(counts)
    return float(((counts - expected) ** 2 / expected).sum())


@pytest.mark.parametrize("bound", [2, 7, 100, 257])
def test_every_number_below_a_bound_is_as_likely_as_the_next(bound: int) -> None:
    values = pl.Series([str(n) for n in range(100_000)])
    drawn = KEY.namespace().draws(values).below("any", bound).astype(np.int64)
    # Five standard deviations of the chi-square distribution: chance goes there once in 10**6.
    limit = (bound - 1) + 5 * (2 * (bound - 1)) ** 0.5
    assert chi_square(np.bincount(drawn, minlength=bound)) < limit


def test_a_rows_stream_is_uniform_and_no_two_rows_share_one() -> None:
    counts = np.full(2000, 50, np.int64)
    values = pl.Series([str(n) for n in range(2000)])
    drawn = KEY.namespace().draws(values).stream("any", counts)
    assert len(np.unique(drawn)) == len(drawn)
    digits = (drawn % np.uint64(10)).astype(np.int64)
    assert chi_square(np.bincount(digits)) < 9 + 5 * 18**0.5


@given(st.lists(st.integers(0, 5), max_size=8))
def test_a_stream_holds_as_many_numbers_as_each_row_asks_for(counts: list[int]) -> None:
    draws = KEY.namespace().draws(pl.Series([str(n) for n in range(len(counts))], dtype=pl.String))
    many = draws.stream("any", np.array(counts, np.int64))
    assert len(many) == sum(counts)
    # The first number of a row does not hang on how many its neighbours take.
    ones = draws.stream("any", np.ones(len(counts), np.int64))
    starts = np.cumsum([0, *counts])
    assert [many[starts[row]] for row, n in enumerate(counts) if n] == [
        ones[row] for row, n in enumerate(counts) if n
    ]


@given(st.integers(1, 32))
def test_hex_digits_are_as_many_as_asked_for(digits: int) -> None:
    drawn = KEY.namespace().draws(WORDS.head(20)).hex("any", digits)
    assert drawn.str.contains(rf"^[0-9a-f]{{{digits}}}$").all()


def test_nothing_is_drawn_of_no_rows() -> None:
    draws = KEY.namespace().draws(pl.Series([], dtype=pl.String))
    assert len(draws) == 0
    assert draws.hex("any", 6).to_list() == []
    assert draws.pick("any", WORDS).to_list() == []
    assert len(draws.stream("any", np.empty(0, np.int64))) == 0


def test_the_draws_of_some_rows_are_those_rows_draws() -> None:
    chosen = pl.Series([True, False, True])
    draws = KEY.namespace().draws(WORDS.head(3))
    assert draws.take(chosen).words("any").tolist() == draws.words("any")[[0, 2]].tolist()


def test_a_pick_reaches_every_word_of_its_pool() -> None:
    pool = pl.Series(["a", "b", "c"])
    assert set(KEY.namespace().draws(WORDS).pick("any", pool)) == {"a", "b", "c"}


def test_a_key_is_read_as_it_was_written_and_as_hexadecimal() -> None:
    assert Key.parse(KEY.dump()).fingerprint == KEY.fingerprint
    assert Key.parse(f" {SECRET.hex().upper()}\n").fingerprint == KEY.fingerprint


def test_two_new_keys_differ() -> None:
    assert Key.new().fingerprint != Key.new().fingerprint


@pytest.mark.parametrize(
    "text", ["", "secret", "c2VjcmV0", SECRET[1:].hex(), SECRET.hex() + "00", "ü" * 44, "\0" * 64]
)
def test_what_is_no_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(KeyMissingError) as caught:
        Key.parse(text, "MASKR_KEY")
    told = "".join(traceback.format_exception(caught.value, chain=True))
    assert caught.value.where == "MASKR_KEY"
    assert not text or text not in told.replace("secrets", "")


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(KeyMissingError):
        Key(SECRET[1:])


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_key_file_that_others_may_reach_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(KeyMissingError, match="chmod 600"):
        read_key_file(written(tmp_path, KEY.dump(), mode))


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_file_of_ones_own_is_read(tmp_path: Path, mode: int) -> None:
    assert read_key_file(written(tmp_path, KEY.dump() + "\n", mode)).fingerprint == KEY.fingerprint


def test_a_key_file_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyMissingError, match="cannot be read"):
        read_key_file(tmp_path / "missing")
    path = written(tmp_path, "")
    path.write_bytes(os.urandom(32) + b"\xff")
    with pytest.raises(KeyMissingError, match="key"):
        read_key_file(path)


def test_a_program_may_print_the_key() -> None:
    command = [sys.executable, "-c", f"print({KEY.dump()!r})"]
    assert read_key_command(command).fingerprint == KEY.fingerprint


@pytest.mark.parametrize(
    "program",
    [
        "print('not a key, but a secret')",
        "import sys; print('a secret'); sys.exit('another secret')",
        "import sys; sys.stdout.buffer.write(b'secret \\xff')",
    ],
)
def test_what_a_failing_key_program_prints_is_never_shown(program: str) -> None:
    with pytest.raises(KeyMissingError) as caught:
        read_key_command([sys.executable, "-c", program])
    told = str(caught.value) + repr(caught.value) + repr(caught.value.__cause__)
    assert "secret" not in told
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_key_program_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyMissingError, match="could not be run"):
        read_key_command(["/nowhere/kms"])


def test_no_form_of_a_key_shows_it() -> None:
    namespace = KEY.namespace("crm")
    draws = namespace.draws(WORDS)
    forms = {SECRET.hex(), KEY.dump(), repr(SECRET), SECRET.hex().upper()}
    told = " ".join(
        [*map(repr, (KEY, namespace, draws)), *map(str, (KEY, namespace, draws)), f"{KEY:}"]
    )
    assert not any(form in told for form in forms)
    assert KEY.fingerprint in repr(KEY)
    assert KEY.fingerprint not in SECRET.hex()


def test_the_fingerprint_is_no_piece_of_what_is_drawn_with() -> None:
    assert hkdf(SECRET, "maskr/1/fingerprint", 8).hex() == KEY.fingerprint
    assert KEY.fingerprint not in hkdf(SECRET, "maskr/1/namespace/", 32).hex()
    assert KEY.fingerprint != hashlib.sha256(SECRET).hexdigest()[:16]


def test_a_key_goes_to_a_worker_and_draws_the_same_there() -> None:
    for other in (pickle.loads(pickle.dumps(KEY)), copy.copy(KEY)):
        assert blocks(other.namespace().draws(WORDS)) == blocks(KEY.namespace().draws(WORDS))
