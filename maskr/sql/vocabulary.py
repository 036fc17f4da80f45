"""The words of a predicate: whatever is not listed here is refused.

Every function is immutable or stable and reads nothing but its arguments and the clock of the
transaction; a test looks each one up in PostgreSQL's own pg_proc. Functions that can make a value
far larger than their arguments (repeat, lpad, rpad) are left out.
"""

from maskr.types import words

FUNCTIONS = words("""
    abs ceil ceiling div floor mod power round sign sqrt trunc width_bucket
    ascii btrim char_length character_length chr concat concat_ws initcap left length lower ltrim
    md5 octet_length regexp_match regexp_replace replace reverse right rtrim split_part starts_with
    strpos substr to_hex translate upper
    encode decode sha256 sha512
    age date_bin date_part date_trunc isfinite justify_days justify_hours make_date make_interval
    make_time make_timestamp make_timestamptz now statement_timestamp to_char to_date to_number
    to_timestamp transaction_timestamp
    array_length array_lower array_ndims array_position array_to_string array_upper cardinality
    string_to_array
    json_array_length json_extract_path json_extract_path_text json_typeof
    jsonb_array_length jsonb_extract_path jsonb_extract_path_text jsonb_path_exists
    jsonb_path_match jsonb_typeof to_json to_jsonb
    isempty lower_inc lower_inf upper_inc upper_inf
    family host masklen network
    num_nonnulls num_nulls
    """)
# Functions whose result is a condition.
BOOLEAN_FUNCTIONS = words("""
    isempty isfinite jsonb_path_exists jsonb_path_match lower_inc lower_inf starts_with upper_inc
    upper_inf
    """)
VOLATILE = words("""
    clock_timestamp currval gen_random_uuid lastval nextval pg_sleep random setval timeofday
    uuid_generate_v4
    """)
CONSTANTS = words(
    "true false null current_date current_time current_timestamp localtime localtimestamp"
)
OPERATORS = words("""
    = <> != < > <= >= + - * / % ^ ||
    ~ ~* !~ !~* ~~ ~~* !~~ !~~* ^@
    -> ->> #> #>> #- @> <@ ? ?| ?& @? @@
    && << >> & | # -|- &< &>
    """)
# Types that may stand before a string: date '2020-02-29'.
LITERAL_TYPES = words("""
    date time timestamp timestamptz timetz interval inet cidr macaddr uuid numeric json jsonb
    int4range int8range numrange tsrange tstzrange daterange
    """)
# PostgreSQL manual, "Date/Time Functions": the fields of extract().
FIELDS = words("""
    century day decade dow doy epoch hour isodow isoyear julian microseconds millennium
    milliseconds minute month quarter second timezone timezone_hour timezone_minute week year
    """)
# The names of built-in types that are more than one word.
LONG_TYPES = (
    ("double", "precision"),
    ("character", "varying"),
    ("bit", "varying"),
    ("timestamp", "with", "time", "zone"),
    ("timestamp", "without", "time", "zone"),
    ("time", "with", "time", "zone"),
    ("time", "without", "time", "zone"),
)
