"""The tables that are measured: invented rows, made by SQL alone, the same ones every time."""

from dataclasses import dataclass

# Rows made at a time: one statement for 20M rows would keep its sort and its WAL in one piece.
_STEP = 500_000


@dataclass(frozen=True, slots=True)
class Work:
    """A table to copy.

    Attributes:
        name: the table's.
        ddl: makes it.
        select: gives its rows; ``{first}`` and ``{last}`` are the range of ``i``.
        rows: how many.
        policy: its columns' rules, as YAML below ``columns:``.
    """

    name: str
    ddl: str
    select: str
    rows: int
    policy: str

    def script(self) -> str:
        """SQL that makes and fills the table."""
        parts = [self.ddl]
        for first in range(1, self.rows + 1, _STEP):
            last = min(first + _STEP - 1, self.rows)
            select = self.select.format(first=first, last=last)
            parts.append(f"INSERT INTO {self.name} {select};")
        parts.append(f"ANALYZE {self.name};")
        return "\n".join(parts)

    def policy_text(self) -> str:
        """A whole policy for a database of this table."""
        return f"version: 1\ntables:\n  {self.name}:\n    columns:\n{self.policy}"


PEOPLE_DDL = """
CREATE TABLE people (
    id bigint PRIMARY KEY, first_name text, last_name text, email text, phone text, ssn text,
    birth_date date, address text, city text, country char(2), notes text,
    balance numeric(12,2), created_at timestamptz);
"""
PEOPLE_SELECT = """
SELECT i,
    'Fn' || substr(md5((i % 5000)::text), 1, 7),
    'Ln' || substr(md5((i * 7 % 20000)::text), 1, 9),
    'user' || i || '.' || substr(md5(i::text), 1, 6) || '@mail.example',
    '+1-' || (200 + i % 700) || '-' || lpad((i * 37 % 10000000)::text, 7, '0'),
    lpad((i * 13 % 900)::text, 3, '0') || '-' || lpad((i % 89)::text, 2, '0') || '-'
        || lpad((i * 31 % 10000)::text, 4, '0'),
    date '1940-01-01' + (i * 17 % 25000)::int,
    (i * 7919 % 1000000) || ' Invented Street ' || (i * 7919 % 1000000) / 1000,
    'City ' || substr(md5((i % 3000)::text), 1, 8),
    (ARRAY['DE','FR','US','GB','ES','IT','NL','PL'])[1 + i % 8],
    repeat('lorem ipsum ', (i % 8)::int),
    (i * 7 % 1000000)::numeric / 100,
    timestamptz '2020-01-01' + (i * 61 % 100000000) * interval '1 second'
FROM generate_series({first}::bigint, {last}) i
"""
PEOPLE_POLICY = """
      "*": keep
      first_name: first_name
      last_name: last_name
      email: email
      phone: phone
      ssn: {mask: hash, length: 11}
      address: street_address
      city: city
"""


def people(rows: int) -> Work:
    """13 columns, 7 masked: about 210 bytes of COPY text a row."""
    return Work("people", PEOPLE_DDL, PEOPLE_SELECT, rows, PEOPLE_POLICY)


def kept(rows: int) -> Work:
    """The same table with nothing to mask."""
    return Work("people", PEOPLE_DDL, PEOPLE_SELECT, rows, '      "*": keep\n')


def narrow(rows: int) -> Work:
    """3 columns, 1 masked: what a row costs by itself."""
    return Work(
        "narrow",
        "CREATE TABLE narrow (id bigint PRIMARY KEY, person bigint, name text);",
        "SELECT i, i % 1000000, 'Fn' || substr(md5((i % 5000)::text), 1, 7)"
        " FROM generate_series({first}::bigint, {last}) i",
        rows,
        '      "*": keep\n      name: first_name\n',
    )


def wide(rows: int) -> Work:
    """200 columns, 5 masked: what the untouched columns cost."""
    columns = ", ".join(f"c{number} text" for number in range(199))
    values = ", ".join(f"'v' || (i * {number + 3} % 1000)" for number in range(199))
    masked = "".join(f"      c{number}: first_name\n" for number in range(0, 199, 40))
    return Work(
        "wide",
        f"CREATE TABLE wide (id bigint PRIMARY KEY, {columns});",
        f"SELECT i, {values} FROM generate_series({{first}}::bigint, {{last}}) i",
        rows,
        f'      "*": keep\n{masked}',
    )


def documents(rows: int) -> Work:
    """jsonb documents of about 1 kB, two paths masked in each."""
    return Work(
        "documents",
        "CREATE TABLE documents (id bigint PRIMARY KEY, doc jsonb);",
        "SELECT i, jsonb_build_object('contact', jsonb_build_object("
        "'email', 'user' || i || '@mail.example', 'phone', '+1-555-' || i), 'tags',"
        " (SELECT jsonb_agg(jsonb_build_object('k', n, 'v', md5((i * n)::text)))"
        " FROM generate_series(1, 16) n), 'total', i / 100.0)"
        " FROM generate_series({first}::bigint, {last}) i",
        rows,
        "      id: keep\n"
        '      doc: {mask: json, paths: {"$.contact.email": email, "$.contact.phone": phone}}\n',
    )


def shop40(largest: int) -> tuple[str, str]:
    """40 tables with keys, indexes and foreign keys, one of them with 80 % of the rows.

    Returns:
        The SQL that makes and fills them, and a policy.
    """
    small = largest // (4 * 39)
    parts = [people(largest).script()]
    rules = [f"  people:\n    columns:\n{PEOPLE_POLICY}"]
    for number in range(39):
        parts.append(
            f"CREATE TABLE part{number} (id bigint PRIMARY KEY, person bigint NOT NULL, name text,"
            f" amount numeric(10,2));"
            f"INSERT INTO part{number} SELECT i, 1 + i * 7 % {largest},"
            f" 'Fn' || md5(i::text), i / 7.0"
            f" FROM generate_series(1, {small}) i;"
            f"CREATE INDEX ON part{number} (person);"
            f"ALTER TABLE part{number} ADD FOREIGN KEY (person) REFERENCES people;"
        )
        rules.append(
            f'  part{number}: {{columns: {{"*": keep, name: first_name}}}}\n',
        )
    parts.append("CREATE INDEX ON people (email); CREATE INDEX ON people (last_name); ANALYZE;")
    return "\n".join(parts), "version: 1\ntables:\n" + "".join(rules)
