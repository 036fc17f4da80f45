"""The masker of notes and messages: what tells of a person is replaced, the rest stays readable."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

import polars as pl
from pydantic import Field

from maskr.keys import Draws
from maskr.maskers import TEXT, Inner, Mask, Nested, Site, Traits, UnusableError, leaf, masker
from maskr.maskers.finding import FOUND, findings
from maskr.maskers.imports import FUNCTION, imported
from maskr.maskers.national import Country, shape
from maskr.maskers.persons import Persons
from maskr.maskers.recognising import Recogniser
from maskr.maskers.rownames import named, rows_with_names
from maskr.maskers.spans import Notation, Span, replaced

# A text without any of these holds nothing that could be found.
_WORTH_A_LOOK = r"[@\d]|www\.|://|::"


# A code that may be a national id, where one has its shape.
_MAY_BE_ID = ("ssn", "card", "phone", "number")

_Rules = Mapping[str, Nested]


def _rules(
    ids: _Rules | None,
    names: object,
    persons: object,
    person: _Rules | None,
    recogniser: object,
    recognised: _Rules | None,
    **rules: Nested,
) -> dict[str, object]:
    inner: dict[str, object] = dict(rules)
    for where, several in {"ids": ids, "person": person, "recognised": recognised}.items():
        inner |= {f"{where}.{what}": rule for what, rule in (several or {}).items()}
    return inner


@masker(
    kinds=TEXT,
    traits=Traits(keeps=True, format_kept=True),
    reads=lambda names, **_: names or (),
    originals=lambda names, **_: names or (),
    rules=_rules,
    inside=leaf,
    files=["persons"],
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
    ids: dict[Country, Nested] | None = None,
    names: list[str] | None = None,
    persons: str | None = None,
    person: dict[str, Nested] | None = None,
    recogniser: Annotated[str, Field(pattern=FUNCTION)] | None = None,
    recognised: dict[str, Nested] | None = None,
) -> Mask:
    """Replaces what tells of a person in free text; the rest stays readable.

    What is found gets the very fake that a column with the same rule gets, so that text and columns
    agree. Found are e-mail addresses, telephone numbers, payment cards, IBANs, IP addresses, URLs,
    social security numbers, every other code with five digits or more, the names that stand in
    other columns of the row, and those of a file. A name that stands nowhere else is not found:
    where such may be, take ``lorem``.

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
        ids: of national ids, by country (``{de: {mask: national_id, country: de}}``). They are told
            by their shape: a telephone number of as many digits and no ``+`` is taken for one.
        names: columns of the row that hold names; each becomes what it is in its own column.
        persons: a CSV file with a header, its path relative to the policy, whose cells are names.
        person: the rule of each of its columns: ``{first: first_name, last: last_name}``. They are
            drawn from the file's spelling.
        recogniser: a function of your own, ``module:function``, that finds what shapes do not tell
            (an NER model such as presidio's, say). It is handed a list of texts and gives for each
            a list of ``(begin, end, label)``, in characters; the same for the same text.
        recognised: the rule of each of its labels: ``{PERSON: name}``; others are passed over.

    Example:
        ``notes: {mask: redact_text, email: {mask: email, domain: example.test}, names: [first]}``
    """
    masks = [site.nested(what) for what in FOUND]
    masks += [site.nested(f"ids.{country}") for country in ids or {}]
    masks += [site.nested(f"recognised.{label}") for label in recognised or {}]
    recognises = _recogniser(site, recogniser, recognised)
    shapes = [shape(country) for country in ids or {}]
    columns = len(names or ())
    people = _people(persons, person)
    roles = [site.nested(f"person.{name}") for name in person or {}]

    def mask(values: pl.Series, draws: Draws, *beside: pl.Series) -> pl.Series:
        texts: list[str | None] = values.to_list()
        spans: list[list[Span] | None] = [None if text is None else [] for text in texts]
        look = values.str.contains(_WORTH_A_LOOK).fill_null(False)
        for row in look.arg_true():
            spans[row] = _spans(texts[row] or "", shapes)
        if recognises is not None:
            first = len(FOUND) + len(shapes)
            which = {label: first + place for place, label in enumerate(recognised or {})}
            _add_recognised(texts, spans, recognises, which)
        fakes: list[list[str]] = []
        for fake, original in zip(beside[:columns], beside[columns:], strict=True):
            fakes.append(_add_names(values, spans, fake, original, len(masks) + len(fakes)))
        if people is not None:
            fakes += _add_persons(texts, spans, people, roles, len(masks) + len(fakes))
        every = [*masks, *map(_given, fakes)]
        return pl.Series(values.name, replaced(texts, spans, _NOTATION, every), dtype=pl.String)

    return mask


def _recogniser(site: Site, function: str | None, rules: _Rules | None) -> Recogniser | None:
    if (function is None) != (not rules):
        what = "recogniser and recognised belong together: a function, and the rules of its labels"
        raise UnusableError(what, "give both, or neither")
    return None if function is None else Recogniser(imported(function), site)


def _people(file: str | None, rules: _Rules | None) -> Persons | None:
    if (file is None) != (not rules):
        what = "persons and person belong together: a file, and the rules of its columns"
        raise UnusableError(what, "give both, or neither")
    return None if file is None else Persons.read(file, [*(rules or {})])


def _spans(text: str, shapes: Sequence[re.Pattern[str]] = ()) -> list[Span]:
    return [
        Span(start, end, _which(text[start:end], what, shapes))
        for start, end, what in findings(text)
    ]


def _which(piece: str, what: str, shapes: Sequence[re.Pattern[str]]) -> int:
    """The mask of what was found: that of a national id where it has the shape of one."""
    if what in _MAY_BE_ID and "+" not in piece and "(" not in piece:
        plain = re.sub(r"\W", "", piece).upper()
        for place, each in enumerate(shapes):
            if each.fullmatch(plain):
                return len(FOUND) + place
    return FOUND.index(what)


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
    for row in rows_with_names(values, originals):
        text, name, fake = values[row], originals[row], fakes[row]
        own = spans[row] or []
        for start, end, said in named(text, name, fake or ""):
            if _free(own, start, end):
                own.append(Span(start, end, which))
                given.append(said)
        spans[row] = sorted(own)
    return given


def _free(spans: Sequence[Span], start: int, end: int) -> bool:
    return all(end <= span.start or span.end <= start for span in spans)


def _add_recognised(
    texts: Sequence[str | None],
    spans: list[list[Span] | None],
    recognises: Recogniser,
    which: Mapping[str, int],
) -> None:
    """Adds the spans of what a recogniser finds and shapes did not."""
    rows = [row for row, text in enumerate(texts) if text]
    for row, found in zip(rows, recognises([texts[row] or "" for row in rows]), strict=True):
        own = spans[row] or []
        own += [
            Span(start, end, which[label])
            for start, end, label in found
            if label in which and _free(own, start, end)
        ]
        spans[row] = sorted(own)


def _add_persons(
    texts: Sequence[str | None],
    spans: list[list[Span] | None],
    people: Persons,
    roles: Sequence[Inner],
    first: int,
) -> list[list[str]]:
    """Adds the spans of the file's persons; gives back what stands for each, column by column."""
    found: list[list[tuple[str, bool]]] = [[] for _ in roles]
    for row, text in enumerate(texts):
        own = spans[row] or []
        for start, end, called in people.named_in(text or ""):
            if _free(own, start, end):
                own.append(Span(start, end, first + called.column))
                found[called.column].append((called.spelt, (text or "")[start:end].isupper()))
        if text is not None:
            spans[row] = sorted(own)
    return [_fakes(role, names) for role, names in zip(roles, found, strict=True)]


def _fakes(role: Inner, names: Sequence[tuple[str, bool]]) -> list[str]:
    """The fakes of names as a file has them, in capitals where the text has them so."""
    fakes = role(pl.Series([spelt for spelt, _ in names], dtype=pl.String)).fill_null("")
    return [
        fake.upper() if capitals and not spelt.isupper() else fake
        for fake, (spelt, capitals) in zip(fakes, names, strict=True)
    ]
