"""Who owns and who may: the roles in a dump, kept, mapped or left out.

Roles belong to a server and not to a database: those of production's server need not be there on
staging's.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import psycopg

from maskr.db.postgres.script import IDENTIFIER, Entry
from maskr.errors import RefusedError

# The last statement of an entry names its owner.
_OWNER = re.compile(rf"^ALTER [^\n]* OWNER TO ({IDENTIFIER});\s*\Z", re.MULTILINE)
_GRANTEE = re.compile(rf" (?:TO|FROM) ({IDENTIFIER})(?: WITH GRANT OPTION)?;$", re.MULTILINE)
_SPEAKER = re.compile(rf"^SET SESSION AUTHORIZATION ({IDENTIFIER});$", re.MULTILINE)
_DEFAULTS = re.compile(rf"^ALTER DEFAULT PRIVILEGES FOR ROLE ({IDENTIFIER}) ", re.MULTILINE)
_POLICY = re.compile(
    rf"^CREATE POLICY {IDENTIFIER} ON {IDENTIFIER}\.{IDENTIFIER}"
    rf"(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)? TO ({IDENTIFIER}(?:, {IDENTIFIER})*)"
)
_NO_ROLES = {"PUBLIC", "public", "CURRENT_USER", "SESSION_USER"}


@dataclass(frozen=True, slots=True)
class Roles:
    """What becomes of the roles that production names.

    Attributes:
        owners: False leaves everything to the user who loads.
        grants: False leaves out every grant.
        mapped: other names for some of them.
    """

    owners: bool = True
    grants: bool = True
    mapped: Mapping[str, str] = field(default_factory=dict)

    def applied(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries with the roles as they shall be."""
        for entry in entries:
            if entry.kind in ("ACL", "DEFAULT ACL"):
                if self.grants:
                    yield self._renamed(entry, _GRANTEE, _SPEAKER, _DEFAULTS)
            elif entry.kind == "POLICY":
                yield self._renamed(entry, _POLICY)
            elif self.owners:
                yield self._renamed(entry, _OWNER)
            else:
                yield replace(entry, sql=_OWNER.sub("", entry.sql))

    def _renamed(self, entry: Entry, *patterns: re.Pattern[str]) -> Entry:
        text = entry.sql
        for pattern in patterns:
            text = pattern.sub(self._put, text)
        return replace(entry, sql=text)

    def _put(self, found: re.Match[str]) -> str:
        names = [_plain(name) for name in re.findall(IDENTIFIER, found[1])]
        said = ", ".join(
            _quoted(self.mapped[name]) if name in self.mapped else written
            for name, written in zip(names, re.findall(IDENTIFIER, found[1]), strict=True)
        )
        start, end = found.start(1) - found.start(), found.end(1) - found.start()
        return found[0][:start] + said + found[0][end:]


def refuse_missing_roles(
    connection: psycopg.Connection, where: str, entries: Iterable[Entry]
) -> None:
    """Refuses to begin when the server lacks a role that the entries name.

    Raises:
        RefusedError: names every one.
    """
    known = {name for (name,) in connection.execute("SELECT rolname FROM pg_catalog.pg_roles")}
    missing = sorted({name for entry in entries for name in _named(entry)} - known - _NO_ROLES)
    if missing:
        raise RefusedError(
            where,
            f"its server has no role {', '.join(missing)}, which production's objects name",
            f"create them, map them (--role-map {missing[0]}=OTHER), or use --no-owner --no-acl",
        )


def _named(entry: Entry) -> Iterator[str]:
    """The roles that an entry names."""
    patterns = {
        "ACL": (_GRANTEE, _SPEAKER),
        "DEFAULT ACL": (_GRANTEE, _DEFAULTS),
        "POLICY": (_POLICY,),
    }.get(entry.kind, (_OWNER,))
    for pattern in patterns:
        for found in pattern.finditer(entry.sql):
            yield from (_plain(name) for name in re.findall(IDENTIFIER, found[1]))


def _plain(identifier: str) -> str:
    return identifier[1:-1].replace('""', '"') if identifier.startswith('"') else identifier


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
