"""Maskers that look across rows, on a real table: nothing but its rows has a say in the outcome."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from maskr.db import Read, Window
from maskr.db.postgres import source as source_module
from maskr.db.postgres.reading import copy_query
from maskr.db.postgres.sink import PostgresSink
from maskr.db.postgres.source import PostgresSource
from maskr.errors import DataError, PolicyError
from maskr.keys import Key
from maskr.model import Across, TableName
from maskr.plan import compile
from maskr.policy import load_text
from maskr.preview import sample
from maskr.run import run
from tests.databases import execute, rows
from tests.masking import KEY, OTHER_KEY, Masking

ROWS = 5000
TABLES = f"""
    CREATE TYPE pair AS (a int, b text);
    CREATE TABLE t (
        id int PRIMARY KEY, salary int, twin int, mood text, both_null pair, doc json, no bigint);
    INSERT INTO t
    SELECT n, n % 1000, n % 1000, CASE WHEN n % 3 > 0 THEN 'mood ' || n END, ROW(NULL, NULL)::pair,
           format('{{"n": %s}}', n)::json, n
    FROM generate_series(1, {ROWS}) AS n;
    CREATE TABLE heap (salary int, no text, doc json);
    INSERT INTO heap SELECT n % 50, 'x', '{{}}' FROM generate_series(1, {ROWS}) AS n;
"""
POLICY = """
version: 1
defaults: {unlisted: keep}
tables:
  t:
    columns:
      salary: shuffle
      twin: shuffle
      mood: shuffle
      both_null: shuffle
      doc: shuffle
      no: {mask: sequence, start: 10, step: 5}
  heap: {columns: {salary: shuffle, no: {mask: sequence, prefix: C, width: 6}}}
"""
ALL = "SELECT id, salary, twin, mood, both_null::text, doc::text, no FROM t ORDER BY id"
HEAP = "SELECT salary, no FROM heap ORDER BY no"

PARTITIONED = """
    CREATE TABLE t (no int UNIQUE) PARTITION BY LIST (no);
    CREATE TABLE part PARTITION OF t DEFAULT;
"""

Databases = Callable[..., str]


@pytest.fixture(scope="session")
def production(lasting_database: Databases) -> str:
    return lasting_database("rows", sql=TABLES)


@pytest.fixture
def masked(production: str, make_database: Databases) -> Callable[..., str]:
    """Fills a staging of its own and gives its DSN."""

    def fill(source: str = production, key: Key = KEY, policy: str = POLICY, jobs: int = 1) -> str:
        target = make_database("staging")
        with PostgresSource(source) as opened, PostgresSink(target) as sink:
            run(compile(load_text(policy), opened.schema()), key, opened, sink, jobs=jobs)
        return target

    return fill


def test_shuffled_values_are_those_of_the_table_each_as_often(
    production: str, masked: Callable[..., str]
) -> None:
    before, after = rows(production, ALL), rows(masked(), ALL)
    for column in range(1, 6):
        given, dealt = [row[column] for row in before], [row[column] for row in after]
        assert Counter(dealt) == Counter(given)
        nulls = [value is None for value in given]
        assert [value is None for value in dealt] == nulls
    moved = sum(old[5] != new[5] for old, new in zip(before, after, strict=True))
    assert moved == ROWS  # no row keeps its own: the values of this column are all different
    # Two columns that held the same are dealt out independently.
    assert sum(row[1] == row[2] for row in after) < ROWS / 100


def test_a_shuffle_spreads_every_value_over_the_whole_table(masked: Callable[..., str]) -> None:
    """Chi-square over ten by ten tenths of the table: where a value was, where it went."""
    pairs = rows(masked(), "SELECT id, (doc->>'n')::int FROM t")
    tenth = ROWS // 10
    cells = Counter(((int(str(a)) - 1) // tenth, (int(str(b)) - 1) // tenth) for a, b in pairs)
    expected = ROWS / 100
    chi = sum((cells[i, j] - expected) ** 2 / expected for i in range(10) for j in range(10))
    assert chi < 81 + 5 * (2 * 81) ** 0.5


def test_a_sequence_numbers_the_rows_by_their_key(masked: Callable[..., str]) -> None:
    assert rows(masked(), "SELECT no FROM t ORDER BY id") == [
        (10 + 5 * number,) for number in range(ROWS)
    ]


def test_a_table_without_a_key_is_numbered_and_shuffled_all_the_same(
    production: str, masked: Callable[..., str]
) -> None:
    first = rows(masked(), HEAP)
    assert [no for _, no in first] == [f"C{number:06}" for number in range(1, ROWS + 1)]
    salaries = "SELECT salary, count(*) FROM heap GROUP BY 1 ORDER BY 1"
    assert rows(masked(), HEAP) == first
    assert rows(masked(), salaries) == rows(production, salaries)


def test_neither_chunks_nor_jobs_nor_the_order_of_rows_change_the_outcome(
    masked: Callable[..., str], make_database: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = rows(masked(), ALL), rows(masked(), HEAP)
    turned = make_database("turned", sql=TABLES)
    for table, order in {"t": "salary, id DESC", "heap": "salary DESC"}.items():
        execute(turned, f"CREATE TABLE old AS TABLE {table}")
        execute(turned, f"TRUNCATE {table}")
        execute(turned, f"INSERT INTO {table} SELECT * FROM old ORDER BY {order}")
        execute(turned, "DROP TABLE old")
    monkeypatch.setattr(source_module, "CHUNK_BYTES", 1000)
    staging = masked(turned, jobs=2)
    assert (rows(staging, ALL), rows(staging, HEAP)) == expected


def test_another_key_deals_otherwise(masked: Callable[..., str]) -> None:
    query = "SELECT doc::text FROM t ORDER BY id"
    assert rows(masked(), query) != rows(masked(key=OTHER_KEY), query)


def test_a_preview_shows_what_a_run_writes(production: str, masked: Callable[..., str]) -> None:
    with PostgresSource(production) as source:
        plan = compile(load_text(POLICY), source.schema())
        table = next(each for each in plan.tables if each.name.table == "t")
        shown = sample(table, KEY, source, rows=5).after
    written = rows(masked(), "SELECT salary::text, doc::text, no::text FROM t ORDER BY id LIMIT 5")
    assert shown.select("salary", "doc", "no").rows() == written


def test_the_key_stays_here_and_the_rows_are_sorted_once(production: str) -> None:
    window = Window(Across.NEXT, "salary", ("id",), primary=True)
    read = Read(TableName("public", "t"), ("id",), (window,))
    sent = copy_query(read.salted(KEY.salt)).as_string()
    assert KEY.salt("public.t.salary") in sent
    assert KEY.dump() not in sent
    assert bytes(range(32)).hex() not in sent
    query = sent.removeprefix("COPY (").removesuffix(") TO STDOUT")
    plan = "\n".join(str(line) for (line,) in rows(production, f"EXPLAIN {query}"))
    assert plan.count("WindowAgg") == 1
    assert plan.count("Sort Key") == 2  # the other one for the row behind the last: LIMIT 1
    with pytest.raises(ValueError, match="without a salt"):
        copy_query(read)


def test_a_table_that_is_looked_across_is_never_read_in_parts(
    production: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "PART_BYTES", 1)
    with PostgresSource(production) as source:
        (table,) = (
            t for t in compile(load_text(POLICY), source.schema()).tables if "heap" in t.name
        )
        assert table.read is not None
        assert source.parts(table.read, 4) == [table.read]
        assert len(source.parts(replace(table.read, flags=()), 4)) > 1


def test_rows_that_are_left_out_are_dealt_nothing_and_give_nothing(
    masked: Callable[..., str],
) -> None:
    policy = POLICY.replace("  t:\n", "  t:\n    where: id <= 100\n")
    dealt = rows(masked(policy=policy), "SELECT (doc->>'n')::int, no FROM t")
    assert sorted(int(str(value)) for value, _ in dealt) == list(range(1, 101))
    assert sorted(int(str(no)) for _, no in dealt) == [10 + 5 * n for n in range(100)]


def refused(policy: str, schema: str, make_database: Databases) -> set[str]:
    with PostgresSource(make_database("refused", sql=schema)) as source:
        try:
            compile(load_text(policy), source.schema())
        except PolicyError as error:
            return {finding.code for finding in error.findings}
    return set()


@pytest.mark.parametrize(
    ("rule", "schema", "codes"),
    [
        ("sequence", "CREATE TABLE t (no int PRIMARY KEY)", set()),
        ("shuffle", "CREATE TABLE t (no int PRIMARY KEY)", {"lost-uniqueness"}),
        ('{mask: permute, when: "no > 1"}', "CREATE TABLE t (no int UNIQUE)", {"lost-uniqueness"}),
        ("{mask: hash, when: \"no > 'a'\"}", "CREATE TABLE t (no text UNIQUE)", set()),
        ('{mask: sequence, when: "no > 1"}', "CREATE TABLE t (no int UNIQUE)", {"lost-uniqueness"}),
        (
            "sequence",
            PARTITIONED,
            {"lost-uniqueness"},
        ),
        (
            "sequence",
            "CREATE TABLE t (no int UNIQUE); CREATE TABLE u (t int REFERENCES t (no))",
            {"split-foreign-key"},
        ),
        ("{mask: json, paths: {$.a: shuffle}}", "CREATE TABLE t (no jsonb)", {"bad-nested-rule"}),
        ("sequence", "CREATE TABLE t (no varchar(8))", {"too-short"}),
        ("{mask: sequence, width: 8}", "CREATE TABLE t (no varchar(8))", set()),
    ],
)
def test_what_could_not_hold_is_refused(
    make_database: Databases, rule: str, schema: str, codes: set[str]
) -> None:
    policy = f"{{version: 1, tables: {{t: {{columns: {{no: {rule}}}}}}}}}"
    assert refused(policy, schema, make_database) == codes


def test_a_sequence_that_outgrows_its_column_ends_the_run(masked: Callable[..., str]) -> None:
    policy = POLICY.replace("prefix: C, width: 6", "width: 3")
    with pytest.raises(DataError, match="more rows than there are numbers"):
        masked(policy=policy)
    with pytest.raises(DataError, match="more rows than there are numbers"):
        Masking("c: {mask: sequence, start: 40000}", "smallint")(["1"])


@pytest.mark.parametrize("rule", ["{mask: sequence, step: 0}", "{mask: sequence, prefix: C}"])
def test_a_sequence_without_sense_is_refused(rule: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        Masking(f"c: {rule}", "integer")
    assert [finding.code for finding in refusal.value.findings] == ["bad-parameter"]
