r"""PostgreSQL's COPY text format: bytes of whole rows ↔ a frame of strings.

Source: PostgreSQL manual, COPY, "Text Format". One line a row, a tab between fields, ``\N`` for
NULL, and a backslash before what would otherwise be read as one of these. A field of the frame is
still escaped; `unescape` and `escape` are for the columns that a mask touches.
"""

import io
import re

import numpy as np
import polars as pl

# What COPY TO writes for these characters; COPY FROM reads a few spellings more, which a server
# never sends. Each pair begins with the backslash, so one pass from the left is unambiguous.
_PLAIN = ["\\", "\b", "\f", "\n", "\r", "\t", "\v"]
_ESCAPED = [r"\\", r"\b", r"\f", r"\n", r"\r", r"\t", r"\v"]
_ESCAPE = re.compile(rb"\\[^N]")
# Every character that COPY escapes, but the backslash, is below this one; those further down that
# need none only cost a second look.
_FIRST_HARMLESS = 0x0E
_BACKSLASH = 0x5C
_LINE_BREAK = 0x0A
_NEEDS_ESCAPE = r"[\x08-\x0d\\]"
# Polars' reader drops a byte order mark from the front and takes "x^" for the start of a zlib
# stream (RFC 1950): nothing that begins like one of them may stand first.
_MISREAD = (b"\xef", b"x")


def count(chunk: bytes) -> int:
    r"""Rows in COPY text: a line break inside a value is written ``\n``.

    >>> count(b"1\tAnn\n2\t\\N\n")
    2
    """
    return int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == _LINE_BREAK))


def decode(chunk: bytes, width: int) -> pl.DataFrame:
    r"""COPY text of ``width`` fields a row as columns of strings named ``0``, ``1``, …

    >>> decode(b"1\tAnn\n2\t\\N\n", 2).rows()
    [('1', 'Ann'), ('2', None)]
    """
    names = [str(place) for place in range(width)]
    if width == 1:  # a CSV reader takes the empty line of an empty string for no row at all
        lines = pl.Series([chunk[:-1]], dtype=pl.Binary).cast(pl.String).str.split("\n").explode()
        values = lines.set(lines == r"\N", None)
        return pl.DataFrame({"0": values})
    if chunk.startswith(_MISREAD):
        return decode(b"\t" * (width - 1) + b"\n" + chunk, width).slice(1)
    return pl.read_csv(
        io.BytesIO(chunk),
        separator="\t",
        quote_char=None,
        has_header=False,
        new_columns=names,
        infer_schema=False,
        null_values=r"\N",
        empty_string_is_null=False,
    )


def encode(frame: pl.DataFrame) -> bytes:
    r"""The frame as COPY text.

    >>> encode(pl.DataFrame({"0": ["1", "2"], "1": ["Ann", None]}))
    b'1\tAnn\n2\t\\N\n'
    """
    if frame.width == 1:
        lines: str = frame.to_series().fill_null(r"\N").str.join("\n").item()
        return lines.encode() + b"\n"
    out = io.BytesIO()
    frame.write_csv(
        out, include_header=False, separator="\t", quote_style="never", null_value=r"\N"
    )
    return out.getvalue()


def escapes(chunk: bytes) -> bool:
    r"""True where COPY text holds any escape but the NULL's.

    >>> escapes(b"1\t\\N\n"), escapes(b"1\tC:\\\\New\n")
    (False, True)
    """
    # Most chunks hold none at all: one pass for a single byte takes a tenth of the pattern's time.
    return b"\\" in chunk and _ESCAPE.search(chunk) is not None


def sound(chunk: bytes, frame: pl.DataFrame) -> bool:
    r"""True where ``chunk``, the frame as it was encoded, can be read as nothing else.

    False where a field held what should have been escaped: then there are more tabs, line breaks
    or backslashes than the frame's shape accounts for, or another of the special characters.
    """
    content = np.frombuffer(chunk, np.uint8)
    separators = np.count_nonzero(content < _FIRST_HARMLESS)
    backslashes = np.count_nonzero(content == _BACKSLASH)
    nulls = sum(column.null_count() for column in frame)
    return bool(separators == frame.height * frame.width and backslashes == nulls)


def unescape(values: pl.Series) -> pl.Series:
    r"""The texts that the fields stand for.

    >>> unescape(pl.Series([r"a\tb", r"C:\\New"])).to_list()
    ['a\tb', 'C:\\New']
    """
    if not values.str.contains("\\", literal=True).any():
        return values
    return values.str.replace_many(_ESCAPED, _PLAIN)


def escape(values: pl.Series) -> pl.Series:
    r"""The fields that stand for the texts.

    >>> escape(pl.Series(["a\tb", "C:\\New"])).to_list()
    ['a\\tb', 'C:\\\\New']
    """
    if not values.str.contains(_NEEDS_ESCAPE).any():
        return values
    return values.str.replace_many(_PLAIN, _ESCAPED)
