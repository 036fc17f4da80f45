"""``maskr run``: from the arguments to a filled staging and its report."""

import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from maskr.cli.formats import Load, LogFormat
from maskr.cli.output import Bars, Lines, Quiet, chosen, print_report
from maskr.cli.settings import find_key
from maskr.db import Identity, LargeObjects
from maskr.db.postgres.rebuild import Rebuild, RebuildSink
from maskr.db.postgres.roles import Roles
from maskr.db.postgres.sink import PostgresSink
from maskr.db.postgres.source import PostgresSource
from maskr.errors import RefusedError, UsageError
from maskr.keys import Key
from maskr.plan import Plan, compile
from maskr.policy import Policy, load
from maskr.report import Report, make_folder, make_report, write_report
from maskr.run import run as carry_out

_MAY_WRITE = (
    "warning[source-may-write] the user who reads production could also change it; maskr never "
    "does, but see `maskr roles` for one who cannot"
)


@dataclass(frozen=True, slots=True)
class Job:
    """The arguments of one run; ``load`` is a rebuild where nothing speaks for a refill."""

    policy: Path
    source: str
    target: str
    dry_run: bool = False
    tables: str = "*"
    report: Path | None = None
    ephemeral_key: bool = False
    load: Load | None = None
    how: Rebuild = field(default_factory=Rebuild)
    jobs: int = 1


def how(
    keep_previous: int,
    owners: bool,
    grants: bool,
    role_map: Sequence[str],
    large_objects: LargeObjects,
    jobs: int,
) -> Rebuild:
    """The options of a rebuild.

    Raises:
        UsageError: a role is not mapped as OLD=NEW.
    """
    mapped: dict[str, str] = {}
    for text in role_map:
        old, _, new = text.partition("=")
        if not old or not new:
            raise UsageError(f"--role-map {text}", "names no two roles", "write OLD=NEW")
        mapped[old] = new
    return Rebuild(keep_previous, Roles(owners, grants, mapped), large_objects, jobs)


def run(job: Job, progress: bool, log_format: LogFormat | None) -> None:
    """Does the job and tells about it."""
    form = chosen(log_format)
    if job.report is not None:
        make_folder(job.report)  # before anything is done that a report should tell of
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
        PostgresSource(job.source, hold=True) as source,
        nullcontext() if job.dry_run else _sink(job) as sink,
    ):
        if sink is not None:
            _guard(policy, source.identity, sink.identity)
        plan = compile(policy, source.schema(), job.tables)
        if not plan.tables:
            raise UsageError(f"--tables {job.tables}", "no table of that name", "see --help")
        source.refuse_unreadable(table.name for table in plan.tables if table.read is not None)
        warnings = (_MAY_WRITE,) if source.may_write() else ()
        watcher = _bars(plan, source) if bars else Lines() if lines else Quiet()
        with watcher:
            result = carry_out(plan, key, source, sink, watcher, job.jobs)
        left_out = _left_out(plan) + (sink.left_out if sink is not None else ())
        return make_report(
            plan,
            result,
            key,
            source=source.identity.name,
            target=sink.identity.name if sink is not None else "",
            policy=tuple(policy.files),
            left_out=left_out,
            warnings=warnings,
        )


def _sink(job: Job) -> PostgresSink | RebuildSink:
    """The way of loading that was asked for."""
    part = job.tables != "*"
    if part and job.load is Load.REBUILD:
        raise UsageError(
            "--tables", "a rebuild makes all of staging anew", "use --load refill with --tables"
        )
    if part or job.load is Load.REFILL:
        return PostgresSink(job.target, job.how.roles, job.how.large_objects)
    return RebuildSink(job.target, job.how)


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


def _left_out(plan: Plan) -> tuple[str, ...]:
    unread = [str(table.name) for table in plan.tables if table.read is None]
    return (f"rows of {', '.join(unread)} (rows: none)",) if unread else ()
