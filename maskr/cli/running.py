"""``maskr run``: from the arguments to a filled staging and its report."""

import json
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from maskr.cli.formats import LogFormat
from maskr.cli.output import Bars, Lines, Quiet, chosen, print_report
from maskr.cli.settings import find_key
from maskr.db import Identity
from maskr.db.postgres.sink import PostgresSink
from maskr.db.postgres.source import PostgresSource
from maskr.errors import RefusedError, UsageError
from maskr.keys import Key
from maskr.plan import Plan, compile
from maskr.policy import Policy, load
from maskr.report import Report, make_report, write_report
from maskr.run import Result
from maskr.run import run as carry_out


@dataclass(frozen=True, slots=True)
class Job:
    """The arguments of one run."""

    policy: Path
    source: str
    target: str
    dry_run: bool = False
    tables: str = "*"
    report: Path | None = None
    ephemeral_key: bool = False


def run(job: Job, progress: bool, log_format: LogFormat | None) -> None:
    """Does the job and tells about it."""
    form = chosen(log_format)
    report = perform(job, bars=progress and sys.stderr.isatty(), lines=form is LogFormat.JSON)
    if form is LogFormat.JSON:
        said = report.as_json()
        del said["tables"]  # each had its own line
        sys.stdout.write(json.dumps(said) + "\n")
    else:
        print_report(report)
    if job.report is not None:
        write_report(report, job.report)


def perform(job: Job, bars: bool, lines: bool, key: Key | None = None) -> Report:
    """Does the job, with ``key`` or the one that the environment or the policy names.

    Raises:
        MaskrError: whatever stands in its way; the target is then as it was.
    """
    policy = load(job.policy)
    key = key or find_key(policy, job.ephemeral_key)
    with (
        PostgresSource(job.source) as source,
        nullcontext() if job.dry_run else PostgresSink(job.target) as sink,
    ):
        if sink is not None:
            _guard(policy, source.identity, sink.identity)
        plan = compile(policy, source.schema(), job.tables)
        if not plan.tables:
            raise UsageError(f"--tables {job.tables}", "no table of that name", "see --help")
        watcher = _bars(plan, source) if bars else Lines() if lines else Quiet()
        with watcher:
            result = carry_out(plan, key, source, sink, watcher)
        target = sink.identity.name if sink is not None else ""
        return _report(policy, plan, result, key, source.identity.name, target)


def _guard(policy: Policy, source: Identity, target: Identity) -> None:
    """Refuses what would write where nothing may be written."""
    if source.same(target):
        raise RefusedError(
            f"target {target.name}",
            "source and target are the same database",
            "name a staging database as --target",
        )
    allowed = policy.target_allow
    if allowed and not any(fnmatchcase(target.name, pattern) for pattern in allowed):
        raise RefusedError(
            f"target {target.name}",
            f"the policy lets maskr write only to {', '.join(allowed)}",
            "name another --target, or change target.allow in the policy",
        )


def _bars(plan: Plan, source: PostgresSource) -> Bars:
    names = {table.name for table in plan.tables if table.read is not None}
    return Bars({name: size for name, size in source.sizes().items() if name in names})


def _report(
    policy: Policy, plan: Plan, result: Result, key: Key, source: str, target: str
) -> Report:
    unread = [str(table.name) for table in plan.tables if table.read is None]
    left_out = (f"rows of {', '.join(unread)} (rows: none)",) if unread else ()
    return make_report(
        plan,
        result,
        key,
        source=source,
        target=target,
        policy=tuple(policy.files),
        left_out=left_out,
    )
