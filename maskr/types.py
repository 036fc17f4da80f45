"""PostgreSQL's type names: their one spelling, and what a mask needs to know of each.

A live catalogue (format_type) and DDL say the same type in the same words, so one reading of those
words serves both. Knows no database and no SQL grammar.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from maskr.model import Column, Kind


def words(text: str) -> frozenset[str]:
    """The words of a list that reads better as text than as a hundred strings."""
    return frozenset(text.split())


# Words that format_type quotes where they name a type: every keyword that PostgreSQL's
# pg_get_keywords() (18.6) does not call unreserved.
RESERVED = words("""
    all analyse analyze and any array as asc asymmetric both case cast check collate column
    constraint create current_catalog current_date current_role current_time current_timestamp
    current_user default deferrable desc distinct do else end except false fetch for foreign from
    grant group having in initially intersect into lateral leading limit localtime localtimestamp
    not null offset on only or order placing primary references returning select session_user some
    symmetric system_user table then to trailing true union unique user using variadic when where
    window with
    authorization binary collation concurrently cross current_schema freeze full ilike inner is
    isnull join left like natural notnull outer overlaps right similar tablesample verbose
    """)
_NAMES_OF_SYNTAX = words("""
    between bigint bit boolean char character coalesce dec decimal exists extract float greatest
    grouping inout int integer interval json json_array json_arrayagg json_exists json_object
    json_objectagg json_query json_scalar json_serialize json_table json_value least merge_action
    national nchar none normalize nullif numeric out overlay position precision real row setof
    smallint substring time timestamp treat trim values varchar xmlattributes xmlconcat xmlelement
    xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
    """)

_KINDS: Mapping[str, Kind] = {
    name: kind
    for kind, names in {
        Kind.TEXT: ("text", "character varying", "character", "bpchar", "name", '"char"'),
        Kind.INTEGER: ("smallint", "integer", "bigint"),
        Kind.NUMERIC: ("numeric",),
        Kind.FLOAT: ("real", "double precision"),
        Kind.BOOLEAN: ("boolean",),
        Kind.DATE: ("date",),
        Kind.TIME: ("time without time zone", "time with time zone"),
        Kind.TIMESTAMP: ("timestamp without time zone", "timestamp with time zone"),
        Kind.INTERVAL: ("interval",),
        Kind.UUID: ("uuid",),
        Kind.JSON: ("json", "jsonb"),
        Kind.XML: ("xml",),
        Kind.INET: ("inet", "cidr"),
        Kind.MACADDR: ("macaddr", "macaddr8"),
        Kind.BYTES: ("bytea",),
        Kind.RANGE: tuple(
            f"{base}{suffix}"
            for base in ("int4", "int8", "num", "ts", "tstz", "date")
            for suffix in ("range", "multirange")
        ),
        Kind.OTHER: (
            "bit", "bit varying", "money", "point", "line", "lseg", "box", "path", "polygon",
            "circle", "tsvector", "tsquery", "jsonpath", "pg_lsn", "pg_snapshot", "txid_snapshot",
            "oid", "xid", "xid8", "cid", "tid", "aclitem", "refcursor", "gtsvector",
            "regclass", "regcollation", "regconfig", "regdictionary", "regnamespace", "regoper",
            "regoperator", "regproc", "regprocedure", "regrole", "regtype",
        ),
    }.items()
    for name in names
}  # fmt: skip
# Types of PostgreSQL's own extensions that are more than opaque to a mask, in whatever schema.
_EXTENSION_KINDS: Mapping[str, Kind] = {"citext": Kind.TEXT, "hstore": Kind.HSTORE}

_SPELLINGS: Mapping[str, str] = {
    "int": "integer", "int4": "integer", "int2": "smallint", "int8": "bigint",
    "float4": "real", "float8": "double precision", "float": "double precision",
    "bool": "boolean", "dec": "numeric", "decimal": "numeric",
    "varchar": "character varying", "char varying": "character varying",
    "national character varying": "character varying", "nchar varying": "character varying",
    "national char varying": "character varying",
    "char": "character", "nchar": "character", "national character": "character",
    "national char": "character",
    "varbit": "bit varying",
    "timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone",
    "time": "time without time zone", "timetz": "time with time zone",
}  # fmt: skip
# float(p) is real up to 24 bits: PostgreSQL manual, "Floating-Point Types".
_FLOAT_BITS_OF_REAL = 24

_PARTS = re.compile(r"(?P<head>[^(]+?) ?(?:\((?P<args>[^)]*)\))?(?P<tail> with.*)?")


@dataclass(frozen=True, slots=True)
class UserType:
    """A type that a user made.

    Attributes:
        kind: ENUM, COMPOSITE, RANGE or OTHER; of a domain it is not looked at.
        base: the type under a domain, spelt as `spell` does; empty for anything else.
        not_null: NOT NULL stands on the domain itself.
        labels: an enum's labels.
        checks: the names of the CHECKs on the domain itself.
    """

    kind: Kind
    base: str = ""
    not_null: bool = False
    labels: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a type says of a column; the fields are those of `maskr.model.Column`.

    An array has the length, precision and scale of its elements.
    """

    kind: Kind
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    element: Kind | None = None
    labels: tuple[str, ...] = ()
    not_null: bool = False
    caseless: bool = False
    checked: bool = False


def column(name: str, type: str, named: Mapping[str, UserType]) -> Column:
    """A column that is nothing but of its type, as `facts` tells it."""
    said = facts(type, named)
    return Column(
        name,
        type,
        said.kind,
        length=said.length,
        precision=said.precision,
        scale=said.scale,
        element=said.element,
        labels=said.labels,
        caseless=said.caseless,
        checked=said.checked,
    )


def facts(text: str, named: Mapping[str, UserType]) -> Facts:
    """Reads a type as format_type spells it; ``named`` holds the users' types by that spelling.

    >>> facts("numeric(10,2)[]", {}).element
    <Kind.NUMERIC: 'numeric'>
    >>> facts("public.mail", {"public.mail": UserType(Kind.OTHER, "character varying(99)")}).length
    99
    """
    if text.endswith("[]"):
        one = facts(text.removesuffix("[]"), named)
        bounds = one.length, one.precision, one.scale
        return Facts(
            Kind.ARRAY, *bounds, element=one.kind, caseless=one.caseless, checked=one.checked
        )
    if (user := named.get(text)) is not None:
        return _facts_of_user_type(user, named)
    match = _PARTS.fullmatch(text)
    if match is None:
        return Facts(Kind.OTHER)
    name = match["head"] + (match["tail"] or "")
    kind = _kind(name)
    numbers = tuple(int(n) for n in re.findall(r"-?[0-9]+", match["args"] or ""))
    if kind is Kind.TEXT and numbers:
        return Facts(kind, length=numbers[0])
    if kind is Kind.NUMERIC and numbers:
        return Facts(kind, precision=numbers[0], scale=numbers[1] if numbers[1:] else 0)
    return Facts(kind, caseless=name.rpartition(".")[2] == "citext")


def _facts_of_user_type(user: UserType, named: Mapping[str, UserType]) -> Facts:
    if not user.base:
        return Facts(user.kind, labels=user.labels)
    base = facts(user.base, named)
    return Facts(
        base.kind,
        base.length,
        base.precision,
        base.scale,
        base.element,
        base.labels,
        base.not_null or user.not_null,
        base.caseless,
        base.checked or bool(user.checks),
    )


def _kind(name: str) -> Kind:
    if name in _KINDS:
        return _KINDS[name]
    if name.startswith("interval "):
        return Kind.INTERVAL
    return _EXTENSION_KINDS.get(name.rpartition(".")[2], Kind.OTHER)


def is_builtin(name: str) -> bool:
    """Whether ``name``, folded and unqualified, is one of PostgreSQL's own type names.

    >>> is_builtin("varchar"), is_builtin("timestamp with time zone"), is_builtin("mood")
    (True, True, False)
    """
    return name in _SPELLINGS or name in _KINDS


def spell(name: str, args: Iterable[str] = ()) -> str:
    """A built-in type as format_type spells it.

    >>> spell("varchar", ["30"]), spell("decimal", ["10"]), spell("timestamptz", ["3"])
    ('character varying(30)', 'numeric(10,0)', 'timestamp(3) with time zone')
    """
    given = list(args)
    canonical = _SPELLINGS.get(name, name)
    if name == "float" and given:
        return (
            "real" if given[0].isdecimal() and int(given[0]) <= _FLOAT_BITS_OF_REAL else canonical
        )
    if canonical == "bpchar" and given:
        canonical = "character"
    if canonical in ("character", "bit") and not given:
        given = ["1"]  # the length that the SQL standard gives to a bare CHARACTER or BIT
    if canonical == "numeric" and len(given) == 1:
        given.append("0")
    head, space, tail = canonical, "", ""
    if canonical.startswith("time"):
        head, space, tail = canonical.partition(" ")
    return f"{head}({','.join(given)}){space}{tail}" if given else canonical


def quote(name: str) -> str:
    """An identifier as PostgreSQL's quote_identifier() writes it: quoted only where it must be.

    >>> quote("mood"), quote("Mood"), quote("user")
    ('mood', '"Mood"', '"user"')
    """
    plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name)
    if plain and name not in RESERVED and name not in _NAMES_OF_SYNTAX:
        return name
    return '"' + name.replace('"', '""') + '"'
