"""The least that a run needs, as SQL to read and to run: one user who reads, one who builds."""

_READING = """\
-- On production's server, as a superuser, in the database {database}.
-- Reads every table (PostgreSQL 14 and newer), and could not write if it tried.
CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;  -- then \\password, or a certificate
GRANT CONNECT ON DATABASE {database} TO {role};
GRANT pg_read_all_data TO {role};
ALTER ROLE {role} SET default_transaction_read_only = on;
-- Row-level security would hide rows from it; without this line such a table is refused.
ALTER ROLE {role} BYPASSRLS;
-- Nobody may ever fill this database, whatever is typed as --target.
ALTER DATABASE {database} SET maskr.production = on;
"""
_WRITING = """\
-- On staging's server, as a superuser.
-- Builds the next staging beside the old one and swaps their names (--load rebuild). It owns what
-- it builds: run with --no-owner --no-acl, or make it a member of the roles that own production.
CREATE ROLE {role} LOGIN NOSUPERUSER CREATEDB NOCREATEROLE;
GRANT pg_signal_backend TO {role};  -- ends the sessions that are in the old staging at the swap
ALTER DATABASE {database} OWNER TO {role};  -- where it exists already
"""


def reading(role: str, database: str) -> str:
    """SQL for the user of ``--source``."""
    return _READING.format(role=_quoted(role), database=_quoted(database))


def writing(role: str, database: str) -> str:
    """SQL for the user of ``--target``."""
    return _WRITING.format(role=_quoted(role), database=_quoted(database))


def _quoted(name: str) -> str:
    """A name as SQL.

    >>> _quoted("shop"), _quoted("My shop")
    ('shop', '"My shop"')
    """
    plain = name.isascii() and name.isidentifier() and name == name.lower()
    return name if plain else '"' + name.replace('"', '""') + '"'
