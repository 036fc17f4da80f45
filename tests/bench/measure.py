"""Runs programs side by side and tells what each took: wall, CPU and memory."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil


@dataclass(frozen=True, slots=True)
class Taken:
    """What one pass took: seconds of wall, CPU seconds of the program and of both servers, MiB."""

    wall: float
    program: float
    servers: float
    peak: float


def program(command: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    """Runs a program to its end: CPU seconds, and peak resident memory in MiB.

    Raises:
        RuntimeError: it failed.
    """
    # Its standard error stays ours: a benchmark that fails is to say why.
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)
    return _ended(process, command)


def output(command: Sequence[str], environment: dict[str, str]) -> tuple[str, float]:
    """Runs a program to its end: what it printed, and its peak resident memory in MiB.

    Raises:
        RuntimeError: it failed.
    """
    process = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.read()
    return said, _ended(process, command)[1]


def _ended(process: subprocess.Popen[Any], command: Sequence[str]) -> tuple[float, float]:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def pipe(writer: Sequence[str], reader: Sequence[str]) -> tuple[float, float]:
    """Runs ``writer | reader``: CPU seconds of both, no memory.

    Raises:
        RuntimeError: one of them failed.
    """
    before = os.times()
    first = subprocess.Popen(writer, stdout=subprocess.PIPE)
    second = subprocess.Popen(reader, stdin=first.stdout, stdout=subprocess.DEVNULL)
    assert first.stdout is not None
    first.stdout.close()
    if second.wait() or first.wait():
        raise RuntimeError(f"{writer[0]} | {reader[0]} failed")
    after = os.times()
    return (
        after.children_user - before.children_user + after.children_system - before.children_system
    ), 0.0


def server_cpu(postmasters: Sequence[psutil.Process]) -> float:
    """CPU seconds of servers so far: their own, their children's, and of those that ended."""
    total = 0.0
    for postmaster in postmasters:
        times = postmaster.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
        for child in postmaster.children():
            try:
                own = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += own.user + own.system
    return total


def _wait_for_backends(postmasters: Sequence[psutil.Process]) -> None:
    """Waits until every backend has been buried: only then do its seconds count as its parent's."""
    until = time.monotonic() + 5
    while time.monotonic() < until and any(
        " [local] " in " ".join(child.cmdline()) or child.status() == psutil.STATUS_ZOMBIE
        for postmaster in postmasters
        for child in postmaster.children()
    ):
        time.sleep(0.02)


def alternately(
    passes: dict[str, Callable[[], tuple[float, float]]],
    times: int,
    postmasters: Sequence[psutil.Process],
) -> dict[str, list[Taken]]:
    """Each pass in turn, ``times`` times over: what disturbs the machine disturbs all of them."""
    taken: dict[str, list[Taken]] = {name: [] for name in passes}
    for _ in range(times):
        for name, run in passes.items():
            cpu, start = server_cpu(postmasters), time.perf_counter()
            own, peak = run()
            wall = time.perf_counter() - start
            _wait_for_backends(postmasters)
            taken[name].append(Taken(wall, own, server_cpu(postmasters) - cpu, peak))
    return taken


def median(taken: Sequence[Taken]) -> Taken:
    """The median of each figure by itself."""
    return Taken(
        *(
            statistics.median(getattr(each, field) for each in taken)
            for field in ("wall", "program", "servers", "peak")
        )
    )
