"""What is told of a run: three forms of the same numbers, whole or not at all."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from maskr.errors import UsageError
from maskr.model import TableName
from maskr.report import Report, as_html, as_metrics, make_folder, rate, write_report
from maskr.run import TableResult

TABLE = TableResult(TableName("public", "people"), 1000, 9, 10, ("email",), 0.5, {"email": 2})
REPORT = Report(
    source="production",
    target="staging",
    policy=("policy.yaml",),
    key="00" * 8,
    versions={"maskr": "0"},
    started="2025-01-01T00:00:00+00:00",
    seconds=1.5,
    columns=9,
    masked=1,
    tables=(TABLE, replace(TABLE, name=TableName("public", "none"), rows=0, seconds=0.0)),
    warnings=("warning[weak] it is weak",),
    left_out=(),
)
NASTY = 'a"b\\c\n<script>alert(1)</script>&'


def test_rows_are_summed_and_rated() -> None:
    assert REPORT.rows == 1000
    assert [rate(table) for table in REPORT.tables] == [2000, 0]


def test_json_holds_every_field_and_every_table() -> None:
    said = json.loads(json.dumps(REPORT.as_json()))
    assert said["event"] == "run"
    assert said["tables"][0] == {
        "event": "table",
        "table": "public.people",
        "rows": 1000,
        "bytes_read": 9,
        "bytes_written": 10,
        "masked": ["email"],
        "invalid": {"email": 2},
        "seconds": 0.5,
        "rows_per_second": 2000,
    }
    assert said["warnings"] == ["warning[weak] it is weak"]


def test_the_page_tells_how_many_values_no_mask_could_read() -> None:
    assert "email (2 unreadable)" in as_html(REPORT)


def test_whatever_a_table_is_called_the_page_and_the_metrics_stay_whole() -> None:
    nasty = replace(TABLE, name=TableName("public", NASTY), masked=(NASTY,))
    report = replace(REPORT, source=NASTY, tables=(nasty,), left_out=(NASTY,))
    assert "<script>" not in as_html(report)
    lines = list(as_metrics(report))
    assert all("\n" not in line for line in lines)
    assert lines[-1] == (
        'maskr_table_rows{table="public.a\\"b\\\\c\\n<script>alert(1)</script>&"} 1000'
    )


def test_a_dry_run_is_called_one() -> None:
    assert "nothing (dry run)" in as_html(replace(REPORT, target=""))


def test_a_report_takes_the_place_of_the_last_one_and_leaves_no_draft(tmp_path: Path) -> None:
    for rows in (1, 2):
        write_report(replace(REPORT, tables=(replace(TABLE, rows=rows),)), tmp_path)
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["rows"] == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "metrics.prom",
        "report.html",
        "report.json",
    ]


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    for attempt in (make_folder, partial(write_report, REPORT)):
        with pytest.raises(UsageError) as caught:
            attempt(blocked / "reports")
        assert str(blocked) in caught.value.where
