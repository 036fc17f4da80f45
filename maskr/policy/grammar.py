"""What a policy may say: the pydantic models that both the loader and the JSON Schema rest on.

Strict: nothing is converted, an unknown key is an error, except in a rule, whose other keys are its
masker's parameters. Which maskers exist is not known here.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    RootModel,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from maskr.policy import names
from maskr.policy.model import OnInvalid, Unlisted

_SHARE = re.compile(r"(100|[0-9]{1,2})(\.[0-9]+)?%")


def mistake(code: str, what: str, hint: str) -> PydanticCustomError:
    """An error that already has a finding's code and words."""
    return PydanticCustomError(code, "{what}", {"what": what, "hint": hint})


def _spelled_out(value: object) -> object:
    # In a word list null is the word, as in a rule it is the masker.
    return "null" if value is None else value


def _version(value: object) -> object:
    if type(value) is not int or value != 1:
        raise mistake("bad-version", "this maskr reads version 1", "write version: 1")
    return value


def _rows(value: object) -> str | int:
    if value in ("all", "none") or (type(value) is int and value > 0):
        return value
    if isinstance(value, str) and _SHARE.fullmatch(value) and 0 < float(value[:-1]) <= 100:
        return value
    hint = "write all, none, a count such as 1000, or a share such as 5%"
    raise mistake("bad-rows", "'rows' does not say how many", hint)


def _table_key(text: str) -> str:
    try:
        names.table_parts(text)
    except ValueError:
        hint = 'write schema.table; a name that holds a dot in double quotes: public."a.b"'
        raise mistake("bad-pattern", f"'{text}' is not a table", hint) from None
    return text


def _shared_key(text: str) -> str:
    try:
        names.shared_parts(text)
    except ValueError:
        hint = 'write "*.column", "table.column" or "schema.table.column"'
        raise mistake("bad-pattern", f"'{text}' is not table.column", hint) from None
    return text


def _reference(text: str) -> str:
    try:
        names.reference(text)
    except ValueError:
        hint = "write table.column -> table.column"
        raise mistake("bad-reference", f"'{text}' is not a reference", hint) from None
    return text


def _shape(value: object) -> str | None:
    """Which branch of a union to try, so that its errors speak of that branch only."""
    if value is None:
        return "<null>"
    if isinstance(value, str):
        return "<text>"
    if isinstance(value, list):
        return "<list>"
    return "<mapping>" if isinstance(value, Mapping | BaseModel) else None


def _either(expected: str) -> Discriminator:
    return Discriminator(
        _shape,
        custom_error_type="bad-value",
        custom_error_message=f"expected {expected}",
    )


Text = Annotated[str, Field(min_length=1)]
_Texts = Annotated[
    Annotated[Text, Tag("<text>")]
    | Annotated[Annotated[list[Text], Field(min_length=1)], Tag("<list>")],
    _either("a name or a list of names"),
]
Normaliser = Literal["trim", "lower", "digits", "unaccent"]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class RuleKeys(BaseModel):
    """A rule in full: its masker, the keys that every masker takes, its masker's parameters."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    mask: Annotated[Text, BeforeValidator(_spelled_out)] = Field(
        description="The masker, or a named rule to take over and change."
    )
    namespace: Text | None = Field(
        default=None, description="Fakes of another namespace cannot be linked to these."
    )
    by: Text | None = Field(
        default=None, description="The column of the same row that the fake is drawn from."
    )
    when: Text | None = Field(
        default=None, description="A SQL condition: other rows keep their value."
    )
    reason: Text | None = Field(default=None, description="Why, for the reviewer.")
    normalise: Annotated[
        Annotated[Normaliser, Tag("<text>")] | Annotated[list[Normaliser], Tag("<list>")],
        _either("a list of trim, lower, digits, unaccent"),
    ] = Field(default=[], description="What to even out before the draw.")
    on_invalid: Annotated[
        OnInvalid,
        BeforeValidator(_spelled_out),
        WithJsonSchema({"enum": ["mask", "null", "keep", "fail", None]}),
    ] = Field(default="mask", description="What becomes of a value that the masker cannot read.")


class RuleSpec(
    RootModel[
        Annotated[
            Annotated[Text, Tag("<text>")]
            | Annotated[None, Tag("<null>")]
            | Annotated[RuleKeys, Tag("<mapping>")],
            _either("a masker, a named rule, or {mask: …}"),
        ]
    ]
):
    """A decision: a masker's or named rule's name, null, or a mapping with ``mask``."""

    model_config = ConfigDict(strict=True, frozen=True)


_TableKey = Annotated[Text, AfterValidator(_table_key)]
_SharedKey = Annotated[Text, AfterValidator(_shared_key)]


class TableKeys(_Strict):
    """What is said of one table, or of all that a glob names."""

    columns: dict[Text, RuleSpec] = Field(default={}, description="Column (or glob) → rule.")
    where: Text | None = Field(
        default=None, description="A SQL condition: only these rows are copied."
    )
    rows: Annotated[
        str | int,
        PlainValidator(_rows),
        WithJsonSchema(
            {
                "anyOf": [
                    {"enum": ["all", "none"]},
                    {"type": "integer", "minimum": 1},
                    {"type": "string", "pattern": f"^{_SHARE.pattern}$"},
                ]
            }
        ),
    ] = Field(default="all", description="all, none, a count, or a share such as 5%.")
    reason: Text | None = Field(default=None, description="Why, for the reviewer.")


_Table = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[TableKeys, Tag("<mapping>")],
    _either("a mapping with columns, rows or where, or one rule for all columns"),
]


class Defaults(_Strict):
    """What holds where nothing is said."""

    unlisted: Annotated[
        Unlisted,
        BeforeValidator(_spelled_out),
        WithJsonSchema({"enum": ["refuse", "keep", "null", None]}),
    ] = Field(default="refuse", description="What becomes of a column that nobody decided about.")


class Target(_Strict):
    """What maskr may write to."""

    allow: list[Text] = Field(default=[], description="Globs on the name of the database.")


class KeyKeys(_Strict):
    """Where the secret key comes from."""

    command: Annotated[list[Text], Field(min_length=1)] = Field(
        description="A program and its arguments; it prints the key."
    )


class Document(_Strict):
    """One policy file."""

    version: Annotated[int, PlainValidator(_version), WithJsonSchema({"const": 1})] = Field(
        description="Of this grammar."
    )
    include: _Texts = Field(default=[], description="Files to build upon, relative to this one.")
    locale: _Texts | None = Field(default=None, description="Of the fakes, e.g. en_US.")
    defaults: Defaults = Field(default=Defaults(), description="What holds where nothing is said.")
    rules: dict[Text, RuleSpec] = Field(default={}, description="Named rules, to be used by name.")
    columns: dict[_SharedKey, RuleSpec] = Field(
        default={}, description="Glob on table.column → rule."
    )
    references: list[Annotated[Text, AfterValidator(_reference)]] = Field(
        default=[], description="Joins that the schema does not declare: a.x -> b.y."
    )
    quasi: list[Text] = Field(default=[], description="Columns that identify people together.")
    target: Target = Field(default=Target(), description="What maskr may write to.")
    key: KeyKeys | None = Field(default=None, description="Where the secret key comes from.")
    tables: dict[_TableKey, _Table] = Field(
        default={}, description="Table (or glob) → what is said of it."
    )


_BELOW: Mapping[str, type[BaseModel]] = {
    "defaults": Defaults,
    "target": Target,
    "key": KeyKeys,
    "tables": TableKeys,
}


def keys_at(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that may stand beside the one at ``path``.

    >>> keys_at(("tables", "public.a", "colums"))
    ('columns', 'where', 'rows', 'reason')
    """
    model = _BELOW.get(str(path[0]), Document) if len(path) > 1 else Document
    return tuple(model.model_fields)
