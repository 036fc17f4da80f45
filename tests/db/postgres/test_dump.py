"""pg_dump as a child: what its failures mean."""

import pytest

from maskr.db.postgres.dump import _failed, dump_section
from maskr.db.postgres.source import PostgresSource
from maskr.errors import MaskrError, TryAgainError, UnavailableError


@pytest.mark.parametrize(
    ("printed", "kind"),
    [
        ("pg_dump: error: query failed: ERROR:  canceling statement due to lock timeout", 75),
        ("ERROR:  canceling statement due to conflict with recovery", 75),
        ("FATAL:  terminating connection due to conflict with recovery", 75),
        ("FATAL:  terminating connection due to administrator command", 75),
        ("server closed the connection unexpectedly\n\tThis probably means the server", 75),
        ('connection to server at "db" failed: FATAL:  the database system is starting up', 75),
        ("pg_dump: error: query failed: ERROR:  permission denied for table person", 69),
        ("pg_dump: warning: there are circular foreign-key constraints", 69),
    ],
)
def test_what_time_would_mend_means_try_again(printed: str, kind: int) -> None:
    assert _failed(printed, "dbname=shop").exit_code == kind


def test_a_snapshot_that_nobody_holds_any_more_means_try_again(shop: str) -> None:
    with PostgresSource(shop) as source:
        snapshot, version = source.snapshot(), source._connection.info.server_version // 10000
    with pytest.raises(TryAgainError):
        dump_section(shop, "pre-data", snapshot, version)


def test_a_failure_tells_no_password() -> None:
    dsn = "postgresql://ann:s3cr3t@127.0.0.1:1/shop"
    with pytest.raises(MaskrError) as caught:
        dump_section(dsn, "pre-data", "00000003-00000001-1", 15)
    assert isinstance(caught.value, UnavailableError)
    assert "s3cr3t" not in str(caught.value)
