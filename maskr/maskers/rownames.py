"""The names that stand in other columns of the row, found in its text: whole, and word by word."""

import re
from collections.abc import Iterator

import polars as pl

_WORD = re.compile(r"[\w'-]+")
_SHORTEST_NAME = 2  # characters: an initial stands in every other word
_MOST_WORDS = 6


def rows_with_names(values: pl.Series, originals: pl.Series) -> pl.Series:
    """The rows whose text holds a word of the row's name, somewhere."""
    frame = pl.DataFrame([values.alias("text"), originals.alias("name")])
    words = pl.col("name").str.to_lowercase().str.extract_all(_WORD.pattern)
    text = pl.col("text").str.to_lowercase()
    held = [
        text.str.contains(words.list.get(place, null_on_oob=True), literal=True)
        for place in range(_MOST_WORDS)
    ]
    found = frame.select(pl.any_horizontal(each.fill_null(False) for each in held))
    return found.to_series().arg_true()


def named(text: str, name: str, fake: str) -> Iterator[tuple[int, int, str]]:
    """Where the name or a word of it stands in the text, and what stands for it, left to right."""
    words, fake_words = _WORD.findall(name)[:_MOST_WORDS], _WORD.findall(fake)
    same = len(words) == len(fake_words)
    said = {name.lower(): fake}
    for place, word in enumerate(words):
        said.setdefault(word.lower(), fake_words[place] if same else fake)
    wanted = sorted((word for word in said if len(word) >= _SHORTEST_NAME), key=len, reverse=True)
    if not wanted:
        return
    pattern = "|".join(map(re.escape, wanted))
    for found in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text, re.IGNORECASE):
        made = said.get(found[0].lower(), fake)
        yield found.start(), found.end(), made.upper() if found[0].isupper() else made
