"""The masker of notes and messages: what tells of a person is replaced, the rest stays readable."""

import re
from collections.abc import Iterator, Sequence

import polars as pl

from maskr.keys import Draws
from maskr.maskers import TEXT, Inner, Mask, Nested, Site, Traits, leaf, masker
from maskr.maskers.finding import FOUND, findings
from maskr.maskers.spans import Notation, Span, replaced

# A text without any of these holds nothing that could be found.
_WORTH_A_LOOK = r"[@\d]|www\.|://|::"
_WORD = re.compile(r"[\w'-]+")
_SHORTEST_NAME = 2  # characters: an initial stands in every other word
_MOST_WORDS = 6


def _rules(names: object, **rules: Nested) -> dict[str, object]:
    return dict(rules)


@masker(
    kinds=TEXT,
    traits=Traits(keeps=True, format_kept=True),
    reads=lambda names, **_: names or (),
    originals=lambda names, **_: names or (),
    rules=_rules,
    inside=leaf,
)
def redact_text(
    site: Site,
    *,
    email: Nested = "email",
    phone: Nested = "phone",
    card: Nested = "card",
    iban: Nested = "iban",
    ip: Nested = "ip",
    url: Nested = "url",
    ssn: Nested = "ssn",
    date: Nested = "keep",
    number: Nested = "scramble",
    names: list[str] | None = None,
) -> Mask:
    """Replaces what tells of a person in free text; the rest stays readable.

    What is found gets the very fake that a column with the same rule gets, so that text and columns
    agree. Found are e-mail addresses, telephone numbers, payment cards, IBANs, IP addresses, URLs,
    social security numbers, every other code with five digits or more, and the names that stand in
    other columns of the row. A name that stands nowhere else is not found: where such may be, take
    ``lorem``.

    Args:
        site: where the mask works.
        email: the rule of e-mail addresses; best the policy's own named rule.
        phone: of telephone numbers.
        card: of payment cards (only with a valid check digit).
        iban: of IBANs (only with valid check digits).
        ip: of IP addresses.
        url: of web addresses.
        ssn: of social security numbers of the USA.
        date: of dates.
        number: of what else has five digits or more.
        names: columns of the row that hold names; each becomes what it is in its own column.

    Example:
        ``notes: {mask: redact_text, email: {mask: email, domain: example.test}, names: [first]}``
    """
    masks = [site.nested(what) for what in FOUND]
    columns = len(names or ())

    def mask(values: pl.Series, draws: Draws, *beside: pl.Series) -> pl.Series:
        texts: list[str | None] = values.to_list()
        spans: list[list[Span] | None] = [None if text is None else [] for text in texts]
        look = values.str.contains(_WORTH_A_LOOK).fill_null(False)
        for row in look.arg_true():
            spans[row] = _spans(texts[row] or "")
        fakes: list[list[str]] = []
        for fake, original in zip(beside[:columns], beside[columns:], strict=True):
            fakes.append(_add_names(values, spans, fake, original, len(FOUND) + len(fakes)))
        every = [*masks, *map(_given, fakes)]
        return pl.Series(values.name, replaced(texts, spans, _NOTATION, every), dtype=pl.String)

    return mask


def _spans(text: str) -> list[Span]:
    return [Span(start, end, FOUND.index(what)) for start, end, what in findings(text)]


_NOTATION = Notation(_spans)


def _given(fakes: Sequence[str]) -> Inner:
    """A mask whose fakes are known already."""

    def mask(values: pl.Series, draws: Draws | None = None) -> pl.Series:
        return pl.Series(fakes, dtype=pl.String)

    return mask


def _add_names(
    values: pl.Series,
    spans: list[list[Span] | None],
    fakes: pl.Series,
    originals: pl.Series,
    which: int,
) -> list[str]:
    """Adds the spans of the row's own name; gives back what stands for each, in their order."""
    given: list[str] = []
    for row in _rows_with_names(values, originals):
        text, name, fake = values[row], originals[row], fakes[row]
        own = spans[row] or []
        for start, end, said in _named(text, name, fake or ""):
            if all(end <= span.start or span.end <= start for span in own):
                own.append(Span(start, end, which))
                given.append(said)
        spans[row] = sorted(own)
    return given


def _rows_with_names(values: pl.Series, originals: pl.Series) -> pl.Series:
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


def _named(text: str, name: str, fake: str) -> Iterator[tuple[int, int, str]]:
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
