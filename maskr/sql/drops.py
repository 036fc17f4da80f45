"""Reads DROP, and the ALTER INDEX that renames."""

from maskr.sql.alter import rename_constraint
from maskr.sql.cursor import Cursor
from maskr.sql.draft import Draft
from maskr.sql.drafttable import MeaningError
from maskr.sql.expressions import split

_OF_RELATIONS = ("table", "view", "sequence", "index")


def drop(cursor: Cursor, draft: Draft) -> None:
    """Takes what follows DROP; what has no bearing on tables is passed over.

    Raises:
        MeaningError: a table to drop is not there.
    """
    cursor.take_any("foreign", "materialized")
    what = cursor.take_any(*_OF_RELATIONS, "type", "domain", "schema")
    cursor.take("concurrently")
    exists = cursor.take("if", "exists")
    for part in split(cursor.tokens[cursor.at :]) if what else ():
        name = part.qualified()
        if what == "schema":
            for table in [table for table in draft.tables if table.schema == name[-1]]:
                draft.drop(table)
        elif what in ("type", "domain"):
            draft.types.pop(draft.find_type(name), None)
        elif what == "index":
            _drop_index(draft, name)
        else:
            found = draft.find(name)
            if not exists and found not in draft.tables and found not in draft.others:
                raise MeaningError(f"{what} {found} is not defined above")
            draft.drop(found)


def _drop_index(draft: Draft, parts: tuple[str, ...]) -> None:
    schemas = parts[:1] if parts[1:] else draft.search_path
    for name, table in draft.tables.items():
        if name.schema in schemas:
            table.uniques.pop(parts[-1], None)


def alter_index(cursor: Cursor, draft: Draft) -> None:
    """Takes what follows ALTER INDEX: only a new name matters."""
    cursor.take("if", "exists")
    parts = cursor.qualified()
    if not cursor.take("rename", "to"):
        return
    schemas = parts[:1] if parts[1:] else draft.search_path
    new = cursor.name()
    for name, table in draft.tables.items():
        if name.schema in schemas and parts[-1] in table.uniques:
            rename_constraint(table, parts[-1], new)
            return
