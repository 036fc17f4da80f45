"""Functions, programs and SQL of the user's own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskr.errors import DataError, PolicyError
from maskr.kernel import bind
from maskr.model import Column, Kind, Schema, Table, TableName
from maskr.plan import compile
from maskr.policy import load_text
from tests.masking import KEY, OTHER_KEY, Masking

_MODULE = """
import random

def upper(value):
    return value.upper()

def numbered(value, draw):
    return f"{value[0]}{draw}"

def columnwise(values, draws):
    return draws.hex("mine", 8)

def none(value):
    return None

def chance(value):
    return str(random.random())

def leaks(value):
    raise ValueError(f"cannot take {value}")

def number(value):
    return 7

def short(values, draws):
    return values.head(1)
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "our_masks.py").write_text(_MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("our_masks", None)


def python(function: str, more: str = "", **kwargs: object) -> Masking:
    rule = f"v: {{mask: python, function: 'our_masks:{function}'{more}}}"
    return Masking(rule, **kwargs)  # type: ignore[arg-type]  # handed on as they are


def test_a_function_is_called_with_each_value() -> None:
    assert python("upper")(["ann", None, "bob", "ann"]) == ["ANN", None, "BOB", "ANN"]


def test_a_function_may_draw_and_the_draw_is_the_keys() -> None:
    one, other = python("numbered")(["ann", "ann"]), python("numbered", key=OTHER_KEY)(["ann"])
    assert one[0] == one[1]
    assert one[0] != other[0]


def test_a_function_may_take_the_column() -> None:
    (fake,) = python("columnwise", ", takes: column")(["ann"])
    assert fake is not None
    assert len(fake) == 8


def test_none_says_that_a_value_cannot_be_read() -> None:
    assert python("none", ", on_invalid: keep")(["ann"]) == ["ann"]


@pytest.mark.parametrize(
    ("function", "takes", "said"),
    [
        ("leaks", "value", "raised ValueError"),
        ("number", "value", "type int"),
        ("short", "column", "no Series"),
        ("chance", "value", "not repeatable"),
    ],
)
def test_what_goes_wrong_in_a_function_is_told_without_a_value(
    function: str, takes: str, said: str
) -> None:
    with pytest.raises(DataError) as ended:
        python(function, f", takes: {takes}")(["Ann Miller", "Bob"])
    assert said in str(ended.value)
    assert "Ann" not in str(ended.value)
    assert ended.value.__cause__ is None
    assert ended.value.__suppress_context__ or ended.value.__context__ is None


@pytest.mark.parametrize("function", ["'nowhere_at_all:f'", "'our_masks:missing'"])
def test_a_function_that_is_not_there_is_the_policys_mistake(function: str) -> None:
    with pytest.raises(PolicyError) as refused:
        Masking(f"v: {{mask: python, function: {function}}}")
    assert [finding.code for finding in refused.value.findings] == ["bad-parameter"]


@pytest.fixture
def echo(tmp_path: Path) -> Masking:
    script = tmp_path / "echo.py"
    script.write_text(
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    value = json.loads(line)\n"
        "    print(json.dumps(value[::-1] or None), flush=True)\n"
    )
    return Masking(f"v: {{mask: command, argv: [{sys.executable}, {script}], on_invalid: keep}}")


def test_a_program_answers_line_by_line_from_batch_to_batch(echo: Masking) -> None:
    assert echo(["ann", None, "a\nb", "ann"]) == ["nna", None, "b\na", "nna"]
    assert echo(["zoë", ""]) == ["ëoz", ""]


def test_more_than_a_pipe_holds_goes_through(echo: Masking) -> None:
    values = [f"{n:06}" + "x" * 100 for n in range(5000)]
    assert echo(values) == [value[::-1] for value in values]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import time; time.sleep(60)", "longer than 1 s"),
        ("import os\nwhile True: os.write(1, b'.' * 512)", "longer than 1 s"),
        ("import time; input(); print('nu', end='', flush=True); time.sleep(60)", "longer than 1"),
        ("print(1 / 0)", "ended before it had answered"),
        ("input(); print('Ann Miller', flush=True); input()", "neither a JSON string nor null"),
        ("input(); print('null\\nnull\\nnull', flush=True); input()", "more lines than"),
    ],
)
def test_what_goes_wrong_in_a_program_is_told_without_a_value(
    source: str, said: str, tmp_path: Path
) -> None:
    script = tmp_path / "broken.py"
    script.write_text(source)
    argv = f"[{sys.executable}, {script}]"
    with pytest.raises(DataError) as ended:
        Masking(f"v: {{mask: command, argv: {argv}, timeout: 1}}")(["Ann Miller"])
    assert said in str(ended.value)
    assert "Ann" not in str(ended.value)


def test_a_program_that_is_not_there_is_the_policys_mistake() -> None:
    with pytest.raises(PolicyError) as refused:
        Masking("v: {mask: command, argv: [no-such-program-anywhere]}")
    assert [finding.code for finding in refused.value.findings] == ["bad-parameter"]


def test_an_expression_is_evaluated_by_the_source() -> None:
    text = "version: 1\ntables: {t: {columns: {v: {mask: sql, expression: 'left(v, 1)'}}}}"
    name = TableName("public", "t")
    table = Table(name, (Column("v", "text", Kind.TEXT),))
    (plan,) = compile(load_text(text), Schema({name: table})).tables
    assert plan.read is not None
    assert plan.read.flags == ('pg_catalog.left ( "v" , 1 )',)
    kernel = bind(plan, KEY)
    assert kernel is not None
    assert kernel(b"Ann\tA\nB\\\\b\tB\\\\\nx\t\\N\n") == b"A\nB\\\\\n\\N\n"


@pytest.mark.parametrize("expression", ["random()", "(SELECT 1)", "v; DROP TABLE t", "nope"])
def test_an_expression_is_vetted_as_a_condition_is(expression: str) -> None:
    with pytest.raises(PolicyError) as refused:
        Masking(f"v: {{mask: sql, expression: '{expression}'}}")
    codes = {finding.code for finding in refused.value.findings}
    assert codes <= {"unsafe-predicate", "unknown-column"}
