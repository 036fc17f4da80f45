"""Masked values of every notation are what PostgreSQL takes for the column's type."""

from collections.abc import Callable

from maskr.db.postgres.sink import PostgresSink
from maskr.db.postgres.source import PostgresSource
from maskr.plan import compile
from maskr.policy import load_text
from maskr.run import run
from tests.databases import rows
from tests.masking import KEY

_SQL = """
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE TYPE address AS (street text, city text);
CREATE TABLE t (
    id int PRIMARY KEY,
    token text DEFAULT 'fresh',
    country text,
    phone citext,
    postcode varchar(5),
    mails text[],
    scores int[],
    home address,
    stay tstzrange,
    seats int4multirange,
    attributes hstore,
    profile jsonb,
    raw json,
    salary numeric(8,2),
    weight real,
    seen timestamptz,
    picture bytea
);
INSERT INTO t
SELECT n, 'secret' || n, (ARRAY['DE', 'FR', NULL])[1 + n % 3], '+49 171 ' || 1000000 + n,
    lpad(n::text, 5, '9'), ARRAY[['a"b' || n, 'c,d'], ['', NULL]], ARRAY[n, NULL, -n],
    ROW('Main "street", ' || n::text, NULL::text)::address,
    tstzrange('2020-01-01', timestamptz '2020-01-01' + n * interval '1 hour', '[]'),
    int4multirange(int4range(n, n + 5), int4range(n + 100, n + 107)),
    hstore(ARRAY['mail', 'x"y', 'none'], ARRAY['a=>b' || n, 'q\\', NULL]),
    jsonb_build_object('mail', 'a"b' || n, 'n', n, 'deep', jsonb_build_array(n, 'x')),
    '{"a" : 1.50, "gone":[1], "a":2}', 123456.78 + n, n / 7.0, now() + n * interval '1 day',
    decode('00ff5c', 'hex')
FROM generate_series(1, 500) AS n;
INSERT INTO t (id) VALUES (501);
"""
_POLICY = r"""
version: 1
tables:
  t:
    columns:
      id: keep
      token: default
      country: keep
      phone:
        mask: either
        expression: country = 'DE'
        then: scramble
        otherwise: {mask: constant, value: none}
      postcode: {mask: sql, expression: "left(postcode, 2) || '000'"}
      mails: {mask: array, elements: {mask: email, unique: false}}
      scores: {mask: array, elements: {mask: noise, spread: 3}}
      home: {mask: composite, fields: {"1": {mask: constant, value: 'a "quoted", \ street'}}}
      stay: {mask: range, bounds: {mask: shift_date, days: 30}}
      seats: {mask: range, bounds: {mask: noise, spread: 1}}
      attributes: {mask: hstore, keys: {mail: {mask: constant, value: 'x"\'}, "*": scramble}}
      profile: {mask: json, paths: {"$.mail": {mask: constant, value: 'a"\'}, "$.deep": lorem}}
      raw: {mask: json, delete: ["$.gone"], set: {"$.b": 1}}
      salary: {mask: noise, spread: 10%}
      weight: {mask: noise, spread: 50%}
      seen: {mask: generalise, to: quarter}
      picture: {mask: hash, length: 24}
"""


def masked(make_database: Callable[..., str], policy: str) -> tuple[str, str]:
    source, target = make_database("source", sql=_SQL), make_database("target_staging")
    with PostgresSource(source) as production, PostgresSink(target) as sink:
        run(compile(load_text(policy), production.schema()), KEY, production, sink)
    return source, target


def test_every_type_is_loaded_as_what_it_is(make_database: Callable[..., str]) -> None:
    source, target = masked(make_database, _POLICY)
    unmasked = "id, country, raw->'a', lower(stay) = upper(stay), scores[2], array_dims(mails)"
    shape = f"SELECT {unmasked}, upper(stay) - lower(stay) FROM t ORDER BY id"
    assert rows(target, shape) == rows(source, shape)
    quarters = "SELECT date_trunc('quarter', seen)::timestamp FROM t ORDER BY id"
    assert rows(target, quarters) == rows(source, quarters)
    assert rows(target, "SELECT DISTINCT token FROM t") == [("fresh",)]
    assert rows(target, "SELECT count(*) FROM t WHERE postcode !~ '^[0-9]{2}000$'") == [(0,)]
    found = "SELECT (home).street, attributes->'mail', profile->>'mail' FROM t WHERE id = 7"
    assert rows(target, found) == [('a "quoted", \\ street', 'x"\\', 'a"\\')]
    fitting = "SELECT count(*) FROM t WHERE phone <> 'none' AND country IS DISTINCT FROM 'DE'"
    assert rows(target, fitting) == [(0,)]


def test_null_stays_null_in_every_type(make_database: Callable[..., str]) -> None:
    _, target = masked(make_database, _POLICY)
    (row,) = rows(target, "SELECT * FROM t WHERE id = 501")
    assert [value for value in row if value is not None] == [501, "fresh"]
