"""pg_dump's SQL taken apart into its entries: one object each, with what it is called.

So an error can name the object, an entry can be left out, and indexes can be made side by side. An
entry begins with the comment that pg_dump writes above it; a definition that imitates one is cut in
two, and the server refuses the halves.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

#: An identifier as pg_dump writes it.
IDENTIFIER = r'(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)'

# Newlines in names are written as blanks (pg_dump's sanitize_line).
_HEADER = re.compile(
    r"^--\n-- Name: (?P<name>.*); Type: (?P<kind>[A-Z ]+); "
    r"Schema: (?P<schema>.*?); Owner: (?P<owner>.*?)(?:; Tablespace: (?P<space>.*))?\n--\n",
    re.MULTILINE,
)
_SETTING = re.compile(r"^SET (default_\w+) = (.*);\n", re.MULTILINE)
_TRAILER = re.compile(r"(?:^SET default_\w+ = .*;\n|^\n|^--\n(?:-- PostgreSQL .*\n--\n)?)*\Z", re.M)
_TABLE = rf"{IDENTIFIER}\.{IDENTIFIER}"
_TABLES = re.compile(
    r"(?:^ALTER TABLE(?: ONLY)?|^CREATE (?:UNIQUE )?INDEX .*? ON(?: ONLY)?|\bREFERENCES)"
    rf" ({_TABLE})",
    re.MULTILINE,
)

#: Who may do what: only once nothing is left that the user who loads has to do.
GRANTS = ("ACL", "DEFAULT ACL")
INDEXES = ("INDEX", "CONSTRAINT")
KEYS = ("FK CONSTRAINT",)
_ATTACHED = ("INDEX ATTACH",)  # a foreign key to a partitioned table needs its index whole
_LAST = ("EVENT TRIGGER", "MATERIALIZED VIEW DATA")  # as pg_dump has it: after the grants
# A user mapping holds a password of another server; large objects come by themselves.
_NEVER = ("USER MAPPING", "BLOB", "BLOB METADATA", "BLOBS")

#: What a session is told before it runs entries: pg_dump's own preamble, less what sessions have
#: pinned anyway and what an older server does not know.
PREAMBLE = """
    SELECT pg_catalog.set_config('search_path', '', false);
    SET check_function_bodies = false;
    SET client_min_messages = warning;
    SET row_security = off;
    SET standard_conforming_strings = on;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One object's SQL.

    Attributes:
        kind: pg_dump's word: ``TABLE``, ``FK CONSTRAINT``, ``INDEX``.
        name: for messages; a constraint's has the table's before it.
        schema: ``-`` where it stands in none.
        sql: its statements, those that name its owner included.
        settings: the SETs that must hold when they run: its tablespace, its access method.
    """

    kind: str
    name: str
    schema: str
    sql: str
    settings: str = ""

    @property
    def where(self) -> str:
        """For messages.

        >>> Entry("FK CONSTRAINT", "orders orders_customer_fkey", "public", "").where
        'fk constraint public.orders orders_customer_fkey'
        """
        schema = "" if self.schema == "-" else f"{self.schema}."
        return f"{self.kind.lower()} {schema}{self.name}"

    @property
    def tables(self) -> frozenset[str]:
        """The tables it locks, as SQL: of an index, a constraint or a foreign key.

        >>> sql = 'ALTER TABLE ONLY a.b ADD CONSTRAINT c FOREIGN KEY (d) REFERENCES a."E f"(g);'
        >>> sorted(Entry("FK CONSTRAINT", "b c", "a", sql).tables)
        ['a."E f"', 'a.b']
        """
        return frozenset(_TABLES.findall(self.sql))


def parse(text: str) -> tuple[Entry, ...]:
    """The entries of a dump in their order; its preamble is not among them."""
    return tuple(_entries(text))


def _entries(text: str) -> Iterator[Entry]:
    headers = list(_HEADER.finditer(text))
    if not headers:
        return
    in_force = dict(_SETTING.findall(text[: headers[0].start()]))
    ends = [header.start() for header in headers[1:]] + [len(text)]
    for header, end in zip(headers, ends, strict=True):
        body = text[header.end() : end]
        trailer = _TRAILER.search(body)
        assert trailer is not None  # noqa: S101 - it matches nothing at all, too
        settings = "".join(f"SET {name} = {value};\n" for name, value in in_force.items())
        yield Entry(
            header["kind"],
            header["name"],
            header["schema"],
            body[: trailer.start()].strip("\n"),
            settings,
        )
        # What follows an entry's statements is said for the next ones.
        in_force.update(_SETTING.findall(trailer[0]))


def wanted(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries that go to a staging."""
    for entry in entries:
        if entry.kind not in _NEVER and not entry.name.startswith("LARGE OBJECT "):
            yield entry


def in_order(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries after the rows, in the order that their kinds ask for."""
    named = (INDEXES, _ATTACHED, KEYS)
    last = (GRANTS, _LAST)
    others = tuple({entry.kind for entry in entries} - set(sum((*named, *last), ())))
    return tuple(
        entry for kinds in (*named, others, *last) for entry in entries if entry.kind in kinds
    )
