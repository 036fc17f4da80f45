import pickle
from collections.abc import Callable, Iterator

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskr.sql import PredicateError, predicate, vocabulary
from maskr.sql.lexer import tokens

COLUMNS = {
    "id": "bigint",
    "email": "text",
    "country": "character(2)",
    "total": "numeric(10,2)",
    "active": "boolean",
    "born": "date",
    "created_at": "timestamptz",
    "tags": "text[]",
    "profile": "jsonb",
    "ip": "inet",
    "during": "daterange",
    "user": "text",
    "Odd one": "text",
    "date": "date",
    "größe": "integer",
}

GOOD = [
    "email IS NOT NULL",
    "created_at > now() - interval '90 days'",
    "CREATED_AT > Now()",
    "active",
    "NOT active",
    "true",
    "active IS NOT TRUE AND email IS NULL OR NOT active",
    "email isnull or email notnull",
    "active is unknown",
    "id = 1 and orders.total > 10.50",
    'orders."Odd one" = \'x\'',
    '"user" = \'alice\'',
    "größe > 3 and GRößE < 1e3",
    "email = 'it''s' or email = '\\' or email = 'a\\nb'",
    "email = '; DROP TABLE orders; --'",
    "email = '/* no comment */'",
    "email like 'a%' escape '!' and email not ilike '%b' and email similar to '(a|b)%'",
    "email ~ '^[a-z]+@' and email !~* 'x$'",
    "email in ('a', 'b') and id not in (1, 2)",
    "id between 1 and 10 and id not between symmetric 20 and 15",
    "id = any (array[1, 2]) and id <> all ('{3,4}')",
    "(id, email) = (1, 'a') or (id, email) in ((1, 'a'), (2, 'b'))",
    "id is distinct from 3 and email is not distinct from null",
    "lower(trim(email)) = 'a' and length(email) > 3",
    "trim(both 'x' from email) = '' and trim(leading from email) = '' and ltrim(email, 'x') = ''",
    "substring(email from 1 for 3) = 'abc' and substring(email, 2) <> ''",
    "position('@' in email) > 1 and strpos(email, '@') > 1",
    "coalesce(active, false)",
    "coalesce(email, '') <> '' and nullif(email, '') is not null",
    "greatest(id, 3) > least(id, 4)",
    "case when active then id > 3 else false end",
    "case country when 'DE' then true when 'FR' then false end",
    "extract(year from created_at) = 2024 and date_part('month', born) = 2",
    "date_trunc('day', created_at) = current_date and age(born) > interval '18 years'",
    "born between date '2020-01-01' and current_date and born < make_date(2024, 2, 29)",
    "created_at at time zone 'UTC' > timestamp '2020-01-01' and created_at < current_timestamp",
    "created_at::date = '2024-02-29'::date and cast(id as text) = '1'",
    "total::numeric(10,2) > 1 and total::double precision > 1 and id::int4 = 1",
    "created_at::timestamp(3) with time zone > now() and tags::varchar(3)[] <> '{}'",
    "abs(total) > 1 and round(total, 1) = 1.5 and total % 10 = 0 and total ^ 2 > 1",
    "id=-1 or id<-1 or - id > 1 or id + 1 * 2 / 3 - 4 = 0",
    "id & 1 = 1 or id | 2 = 3 or id # 1 = 0 or ~ id = 1",
    "email || 'x' = 'ax'",
    "to_char(born, 'YYYY') = '2020' and to_date('2020', 'YYYY') < born",
    "profile @> '{\"a\": 1}' and profile ? 'a' and profile ?| array['a'] and profile ?& '{a}'",
    "profile -> 'a' ->> 'b' = 'c' and profile #>> '{a,b}' = 'c' and profile->0 is null",
    "jsonb_extract_path_text(profile, 'a', 'b') = 'c' and profile @? '$.a'",
    "jsonb_typeof(profile) = 'object' and profile @@ '$.a == 1'",
    "cardinality(tags) > 1 and tags && array['a'] and tags[1] = 'b' and tags @> '{a}'",
    "array_length(tags, 1) > 1 and array_position(tags, 'a') is not null",
    "ip << '10.0.0.0/8' and host(ip) = '10.0.0.1' and family(ip) = 4",
    "during @> current_date and not isempty(during) and during -|- daterange '[2020-01-01,)'",
    "starts_with(email, 'a') and right(email, 3) = 'com' and left(email, 1) = 'a'",
    "md5(email) < '8' and mod(id, 10) = 0",
    "\"date\" > date '2020-01-01' and date < current_date",
    "  active\n\tand id > 1\r\n",
    "((((active))))",
    "localtimestamp > created_at and isfinite(born)",
]  # fmt: skip

BAD = [
    # a second statement
    "active; DROP TABLE orders",
    "active;",
    ";",
    "1=1); DROP TABLE orders; --",
    "active) TO PROGRAM 'id'",
    "true) OR (true",
    "true)) UNION SELECT (1",
    # comments
    "active -- and the rest",
    "active /* and */",
    "active /* /* */ */ and id = 1",
    "id = 1--1",
    # strings that are not what they seem
    "email = E'\\''; DROP TABLE orders; --'",
    "email = e'a'",
    "email = U&'\\0061'",
    "email = u&'d!0061' UESCAPE '!'",
    "email = $$x$$",
    "email = $a$ '; $a$",
    "email = N'x'",
    "email = B'1'",
    "email = X'1F'",
    "email = 'a' 'b'",
    "email = 'a'\n'b'",
    "email = 'open",
    'email = "open',
    "email = '\0'",
    "email = '\ud800'",
    'U&"d\\0061t" = 1',
    '"" = 1',
    # sub-selects, in all their clothes
    "id in (select 1)",
    "id = (select max(id) from orders)",
    "exists (select 1)",
    "exists(table orders)",
    "id = any (select 1)",
    "id = any (values (1))",
    "id in (values (1))",
    "(with x as (select 1) select true)",
    "id = any (table orders)",
    "array(select 1) = tags",
    "select true",
    "true union select true",
    "true from orders",
    "true where true",
    "true group by id",
    "true having true",
    "true limit 1",
    "true order by 1",
    "true for update",
    "active into x",
    "(select pg_sleep(1)) is null",
    # functions with effects, and those that are not known to have none
    "pg_sleep(10) is null",
    "pg_catalog.pg_sleep(10) is null",
    '"pg_sleep"(10) is null',
    "random() < 0.1",
    "clock_timestamp() > created_at",
    "nextval('s') > 1",
    "setval('s', 1) > 1",
    "set_config('a', 'b', false) = 'b'",
    "current_setting('is_superuser') = 'on'",
    "pg_read_file('/etc/passwd') <> ''",
    "lo_import('/etc/passwd') > 0",
    "pg_terminate_backend(1)",
    "dblink('x', 'y') is null",
    "query_to_xml('select 1', true, true, '') is not null",
    "pg_advisory_lock(1) is null",
    "public.f(id)",
    "f(id)",
    "has_table_privilege('x', 'y')",
    "repeat(email, 1000000) = ''",
    "generate_series(1, 3) = 1",
    "unnest(tags) = 'a'",
    "regexp_matches(email, 'a') is not null",
    # aggregates and windows
    "count(*) > 1",
    "max(id) = 1",
    "sum(id) over () > 1",
    "lower(email) over (order by id) = 'a'",
    "row_number() over () = 1",
    "bool_and(active)",
    "lower(email) filter (where true) = 'a'",
    # what names somebody, or reads elsewhere
    "user = 'x'",
    "current_user = 'x'",
    "session_user = 'x'",
    "current_schema = 'x'",
    "'orders'::regclass = 1",
    "email::public.mood = 'x'",
    "email::mood = 'x'",
    'email::"text" = \'x\'',
    "orders = orders",
    "orders.* is null",
    "customers.email = 'x'",
    "public.orders.email = 'x'",
    "(orders).email = 'x'",
    "ctid = '(0,1)'",
    "xmin = 1",
    "tableoid = 1",
    # parameters
    "id = $1",
    "id = :id",
    "id = %s",
    "id = %(id)s",
    "id = ?",
    "id = @x",
    # not a condition
    "",
    "   ",
    "id + 1",
    "1",
    "'text'",
    "email || 'x'",
    "lower(email)",
    "now()",
    "id::text",
    "(id, email)",
    "array[true]",
    "active and id + 1",
    "active or 'x'",
    "not 1",
    "profile -> 'a'",
    "interval '1 day'",
    "current_date",
    "born::date",
    # two expressions, aliases, and other half-sentences
    "active, active",
    "active active",
    "active as x",
    "active x",
    "active and",
    "and active",
    "id =",
    "id = = 1",
    "= 1",
    "id in ()",
    "id in 1",
    "(active",
    "active)",
    "()",
    "case when active end",
    "case when active then true",
    "cast(id text) = '1'",
    "cast(id as) = '1'",
    "extract(year born) = 1",
    "extract(now() from born) = 1",
    "id between 1",
    "id is 1",
    "id not 1",
    "email collate \"C\" = 'x'",
    "email operator(pg_catalog.=) 'x'",
    "id ==== 1",
    "id <=> 1",
    "id @@@ 1",
    "id !- 1",
    "id || - 1 ||-1",
    "id = 1x",
    "id = 0x1F",
    "id = 1..2",
    "id = 1_000",
    "email = \\'x\\'",
    "\\! ls",
    "{fn now()} > created_at",
    "id = 1\u00a0",
    "id\u2003= 1",
    "id = '1'::varchar(id)",
    "email = 'a' escape",
    "(" * 500 + "active" + ")" * 500,
    "not " * 5000 + "active",
    " and ".join(["active"] * 3000),
    "- " * 900 + "id = 1",
    "+" * 20_000,
]  # fmt: skip


def refused(text: str) -> PredicateError:
    with pytest.raises(PredicateError) as caught:
        predicate(text, COLUMNS, "orders")
    return caught.value


@pytest.fixture(scope="module")
def orders(server: Callable[[str], str]) -> Iterator[psycopg.Connection]:
    """A session with the table of ``COLUMNS``, and a search_path as maskr pins it."""
    with psycopg.connect(server("postgres")) as connection:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
        connection.execute(f"CREATE TEMP TABLE orders ({columns})")
        connection.execute("SELECT set_config('search_path', '', false)")
        connection.commit()
        yield connection


@pytest.mark.parametrize("text", GOOD)
def test_a_harmless_condition_passes_and_postgresql_takes_its_spelling(
    text: str, orders: psycopg.Connection
) -> None:
    sql = predicate(text, COLUMNS, "orders").sql
    orders.execute(f"SELECT count(*) FROM pg_temp.orders WHERE ({sql})".encode())
    orders.rollback()


@pytest.mark.parametrize("text", GOOD)
def test_the_spelling_means_what_was_written(text: str, orders: psycopg.Connection) -> None:
    """PostgreSQL prints the same expression for both."""
    orders.execute("SET LOCAL search_path = pg_catalog, pg_temp")

    def printed(sql: str) -> object:
        orders.execute(f"CREATE OR REPLACE TEMP VIEW v AS SELECT ({sql}) AS x FROM orders".encode())
        row = orders.execute("SELECT pg_get_viewdef('v'::regclass)").fetchone()
        return row and row[0]

    assert printed(predicate(text, COLUMNS, "orders").sql) == printed(text)
    orders.rollback()


@pytest.mark.parametrize("text", BAD)
def test_anything_else_is_refused_with_a_place_and_a_hint(text: str) -> None:
    for problem in refused(text).problems:
        assert problem.code in ("unsafe-predicate", "unknown-column")
        assert problem.what
        assert problem.hint
        assert 0 <= problem.offset <= len(text)


def test_every_problem_is_told_at_once_and_in_order() -> None:
    problems = refused("emial = 'x' and pg_sleep(1) is null and id @@@ 1").problems
    assert [(problem.code, problem.offset) for problem in problems] == [
        ("unknown-column", 0),
        ("unsafe-predicate", 16),
        ("unsafe-predicate", 43),
    ]
    assert problems[0].hint == "did you mean 'email'?"


def test_strings_of_the_predicate_are_not_repeated_in_a_refusal() -> None:
    text = "email 'alice@example.test' = E'alice@example.test'"
    assert "alice" not in str(refused(text)) + repr(refused(text).problems)


def test_a_refusal_survives_pickling() -> None:
    error = refused("id = $1")
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


def test_names_are_folded_as_postgresql_folds_them() -> None:
    assert predicate("ID = 1 and \"Odd one\" = 'A'", COLUMNS).columns == {"id", "Odd one"}
    assert refused('"ID" = 1').problems[0].code == "unknown-column"
    assert refused("GRÖSSE = 1").problems[0].code == "unknown-column"


def test_a_table_may_qualify_only_its_own_columns() -> None:
    assert predicate("ORDERS.id = 1", COLUMNS, "orders").sql == '"id" = 1'
    with pytest.raises(PredicateError):
        predicate("orders.id = 1", COLUMNS)


def test_a_backslash_reads_the_same_with_either_setting_of_standard_strings(
    orders: psycopg.Connection,
) -> None:
    text = "email = '\\' or email = ' or true or '"
    printed = []
    for setting in ("on", "off"):
        orders.execute(f"SET LOCAL standard_conforming_strings = {setting}".encode())
        orders.execute("INSERT INTO pg_temp.orders (email) VALUES ('safe'), (chr(92))")
        sql = predicate(text, COLUMNS).sql
        query = f"SELECT count(*) FROM pg_temp.orders WHERE ({sql})"
        printed.append(orders.execute(query.encode()).fetchone())
        orders.rollback()
    assert printed == [(1,), (1,)]


WORDS = [
    *("active", "id", "email", "orders", ".", "(", ")", "[", "]", ",", ";", "::", "'x'", "1", "$1"),
    *("and", "or", "not", "is", "null", "in", "between", "like", "=", "<", "-", "--", "/*", "*/"),
    *("select", "from", "where", "union", "case", "when", "then", "else", "end", "cast", "as"),
    *("lower", "pg_sleep", "count", "*", "any", "array", "text", "int", "E'\\'", "$$", '"', "'"),
    *("true", "interval", "extract", "year", "at", "time", "zone", "over", "with", "values", "\\"),
    *("trim", "coalesce", "substring", "for", "position", "escape", "distinct", "@>", "?", "%s"),
]
SOUP = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=40)
ATOMS = st.sampled_from(["active", "id = 1", "email like 'x%'", "tags[1] is null", "true"])
NESTED = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map("not {}".format),
        inner.map("({})".format),
        inner.map("coalesce({}, false)".format),
        st.tuples(inner, inner).map(" and ".join),
        st.tuples(inner, inner).map(" or ".join),
        st.tuples(inner, inner).map("case when {0[0]} then {0[1]} end".format),
    ),
    max_leaves=8,
)


@given(SOUP | st.tuples(NESTED, SOUP).map(" ".join))
def test_whatever_passes_is_one_closed_expression_of_listed_words(text: str) -> None:
    try:
        vetted = predicate(text, COLUMNS, "orders")
    except PredicateError:
        return
    depth = 0
    for token in tokens(vetted.sql):
        depth += (token.text in "([") - (token.text in ")]")
        assert depth >= 0
        assert token.text != ";"
        assert token.kind not in ("comment", "dollar", "junk")
        if token.kind == "quoted":
            assert token.value in vetted.columns
        assert token.value not in ("select", "with", "values", "table", "union", "over", "filter")
    assert depth == 0
    assert vetted.columns <= set(COLUMNS)


@given(NESTED)
def test_every_combination_of_conditions_passes_and_is_a_fixed_point(text: str) -> None:
    vetted = predicate(text, COLUMNS)
    assert predicate(vetted.sql.replace("pg_catalog.", ""), COLUMNS) == vetted


def test_no_listed_function_is_volatile_or_gives_more_than_one_value(
    orders: psycopg.Connection,
) -> None:
    """Aggregates, windows and set-returning functions would change what is selected."""
    rows = orders.execute(
        """SELECT proname, prokind = 'f' AND provolatile IN ('i', 's') AND NOT proretset
           FROM pg_catalog.pg_proc
           WHERE pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND proname = ANY (%s)""",
        [list(vocabulary.FUNCTIONS)],
    ).fetchall()
    orders.rollback()
    assert {name for name, _ in rows} == vocabulary.FUNCTIONS
    assert {name for name, harmless in rows if not harmless} == set()


def test_no_listed_operator_is_volatile(orders: psycopg.Connection) -> None:
    rows = orders.execute(
        """SELECT o.oprname, p.provolatile IN ('i', 's') FROM pg_catalog.pg_operator o
           JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
           WHERE o.oprnamespace = 'pg_catalog'::pg_catalog.regnamespace AND o.oprname = ANY (%s)""",
        [list(vocabulary.OPERATORS)],
    ).fetchall()
    orders.rollback()
    assert {name for name, _ in rows} == vocabulary.OPERATORS - {"!="}  # the parser makes it <>
    assert {name for name, harmless in rows if not harmless} == set()
