"""What other masking tools are known to do to people's data: here it does not happen."""

import hashlib
from collections.abc import Callable

import pytest

from maskr.db.postgres.sink import PostgresSink
from maskr.db.postgres.source import PostgresSource
from maskr.errors import PolicyError
from maskr.model import Schema, TableName
from maskr.plan import Plan, compile
from maskr.policy import load_text
from maskr.run import run
from tests.databases import column, contents, rows
from tests.masking import KEY, Masking

SECRETS = ("Sesame", "Ann.Miller", "ann.miller", "73657361")
TABLES = r"""
    CREATE EXTENSION citext;
    CREATE DOMAIN mail AS citext CHECK (VALUE ~ '@');
    CREATE DOMAIN short AS varchar(30);
    CREATE TYPE pair AS (a text, b text);
    CREATE TABLE customers (
        mail citext PRIMARY KEY, other mail, name short, street text, city text, postcode text,
        mails text[], scan bytea, two pair, login varchar(30));
    CREATE TABLE orders (id int PRIMARY KEY, customer citext REFERENCES customers, note text);
    INSERT INTO customers VALUES
        ('Ann.Miller@Sesame.test', 'Ann.Miller@Sesame.test', 'Ann.Miller', NULL, 'Sesame',
         'Sesame', '{Ann.Miller@Sesame.test,NULL}', 'sesame', ROW('Sesame', NULL), 'Ann.Miller'),
        ('@', '@', E'C:\\New', '1 Sesame Street', NULL, NULL, '{}', '', NULL, E'C:\\New'),
        ('ann.miller at Sesame', NULL, '', '', '', '', NULL, NULL, NULL, NULL);
    INSERT INTO orders VALUES
        (1, 'ann.miller@sesame.test', 'wrote to ann.miller@sesame.test again'),
        (2, 'ANN.MILLER@SESAME.TEST', NULL), (3, NULL, ''), (4, '@', E'C:\\New');
"""
POLICY = """
version: 1
tables:
  customers:
    columns:
      mail: email
      other: {mask: email, on_invalid: mask}
      name: name
      street: street_address
      city: city
      postcode: postcode
      mails: {mask: array, elements: email}
      scan: hash
      two: {mask: composite, fields: {"1": city, "2": city}}
      login: {mask: username, unique: false}
  orders: {columns: {id: keep, note: redact_text}}
"""

Databases = Callable[..., str]


def planned(source: PostgresSource, policy: str) -> Plan:
    return compile(load_text(policy), source.schema())


@pytest.fixture(scope="module")
def production(lasting_database: Databases) -> str:
    return lasting_database("peers", sql=TABLES)


@pytest.fixture(scope="module")
def staging(production: str, lasting_database: Databases) -> str:
    target = lasting_database("peers_staging")
    with PostgresSource(production) as source, PostgresSink(target) as sink:
        run(planned(source, POLICY), KEY, source, sink)
    return target


def test_a_null_in_one_part_of_an_address_leaks_no_other_part(staging: str) -> None:
    """Greenmask's RealAddress left the row as it was."""
    parts = rows(staging, "SELECT street, city, postcode FROM customers")
    assert sorted(sum(part is None for part in row) for row in parts) == [0, 1, 2]
    assert "Sesame" not in str(parts)


def test_a_backslash_takes_no_letter_with_it(production: str, staging: str) -> None:
    r"""``C:\New`` became ``C:``, a line's end and ``ew``, and ``\N`` a NULL."""
    values = ["C:\\New", "\\N", "\\.", "a\\tb", "\\"]
    assert Masking("c: {mask: chain, masks: [keep]}")(values) == values
    query = "SELECT note FROM orders WHERE id = 4"
    assert column(staging, query) == column(production, query) == ["C:\\New"]


def test_a_name_is_the_same_in_every_table(production: str, make_database: Databases) -> None:
    """Elsewhere it was drawn anew for each table, though a hash had been asked for."""
    policy = "{version: 1, defaults: {unlisted: keep}, columns: {'*.*name': name}}"
    source = make_database(
        "names",
        sql="""
        CREATE TABLE a (id int PRIMARY KEY, name text);
        CREATE TABLE b (id bigint, full_name varchar(200), other text);
        INSERT INTO a SELECT n, 'Person ' || n FROM generate_series(1, 500) AS n;
        INSERT INTO b SELECT -n, 'Person ' || n, 'x' FROM generate_series(500, 1, -1) AS n;
        """,
    )
    target = make_database("names_staging")
    with PostgresSource(source) as opened, PostgresSink(target) as sink:
        run(planned(opened, policy), KEY, opened, sink)
    differing = "SELECT * FROM a JOIN b ON b.id = -a.id WHERE full_name IS DISTINCT FROM name"
    assert rows(target, differing) == []
    assert len(set(column(target, "SELECT name FROM a"))) > 490


def test_two_hundred_thousand_people_stay_as_many_and_so_do_their_numbers() -> None:
    """They became 150 identities in pynonymizer, and 3,125 phones in pganonymize."""
    people = [f"Person {number}" for number in range(200_000)]
    phones = [f"+49 171 {number:07}" for number in range(200_000)]
    assert len(set(Masking("c: email")(people))) == 200_000
    assert len(set(Masking("c: name")(people))) > 150_000
    assert len(set(Masking("c: {mask: phone, unique: true}")(phones))) == 200_000
    assert len(set(Masking("c: phone")(phones))) > 190_000


def test_a_malformed_address_does_not_stop_the_night(staging: str) -> None:
    assert len(rows(staging, "SELECT mail FROM customers WHERE mail ~ '^[a-z.0-9]+@example'")) == 3


@pytest.mark.parametrize("rule", ["hash", "{mask: hash, length: 32}", "token", "fpe"])
def test_no_hash_can_be_reversed_by_hashing_guesses(rule: str) -> None:
    """An unkeyed md5 of a telephone number is found in a second."""
    guesses = [f"017100{number:05}" for number in range(1000)]
    fakes = set(Masking(f"c: {rule}")(guesses))
    for algorithm in ("md5", "sha1", "sha256", "sha512", "blake2b"):
        assert not fakes & {
            hashlib.new(algorithm, guess.encode()).hexdigest()[:32] for guess in guesses
        }


@pytest.mark.parametrize("type", ["character varying(30)", "character(30)"])
def test_what_may_be_longer_than_its_column_is_told_before_the_first_row(type: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        Masking("c: {mask: constant, value: '" + "x" * 31 + "'}", type)
    assert [finding.code for finding in refusal.value.findings] == ["too-short"]
    assert all(len(str(fake)) <= 30 for fake in Masking("c: name", type)(["x", "y" * 30]))


def test_a_null_key_stays_null_and_no_key_dangles(staging: str) -> None:
    """nxs-data-anonymizer gave a NULL key a value, which then named nobody."""
    assert column(staging, "SELECT customer IS NULL FROM orders ORDER BY id") == [
        False, False, True, False,
    ]  # fmt: skip


def test_a_key_of_citext_holds_however_it_is_spelt(staging: str) -> None:
    joined = "SELECT count(*) FROM orders JOIN customers ON customer = mail"
    assert column(staging, joined) == [3]


def test_an_address_within_a_note_does_not_survive(staging: str) -> None:
    (note,) = column(staging, "SELECT note FROM orders WHERE id = 1")
    (mail,) = column(staging, "SELECT customer FROM orders WHERE id = 1")
    assert note == f"wrote to {mail} again"


def test_nothing_of_production_is_left_whatever_its_type(production: str, staging: str) -> None:
    """citext, domains, arrays, composites and bytea were outside of the list of types."""
    held = b"\n".join(line for lines in contents(staging).values() for line in lines).decode()
    before = b"\n".join(line for lines in contents(production).values() for line in lines).decode()
    for secret in SECRETS:
        assert secret in before
        assert secret.lower() not in held.lower()


def test_a_column_that_nobody_decided_about_is_refused_whatever_its_type(production: str) -> None:
    with PostgresSource(production) as source:
        schema: Schema = source.schema()
    with pytest.raises(PolicyError) as refusal:
        compile(load_text("version: 1"), schema)
    told = {finding.subject for finding in refusal.value.findings}
    for name, table in schema.tables.items():
        assert {f"{name}.{each.name}" for each in table.columns} <= told
    assert TableName("public", "orders") in schema.tables
