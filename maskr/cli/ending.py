"""How a command ends: which exit code, and what is said on standard error."""

import functools
import json
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import typer

from maskr.errors import MaskrError, PolicyError

F = TypeVar("F", bound=Callable[..., Any])

_INTERRUPTED = 130  # 128 + SIGINT, as a shell reports it
_BUG = 70
_PACKAGE = Path(__file__).parents[1]


def ends(command: F) -> F:
    """Wraps a command: every way it can fail becomes words and an exit code."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        # cron and Kubernetes end a job with SIGTERM: it is to leave as cleanly as on Ctrl-C.
        signal.signal(signal.SIGTERM, _terminate)
        try:
            return command(*args, **kwargs)
        except MaskrError as error:
            _say(error, as_json=_wants_json(kwargs))
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            typer.echo("interrupted: the target is as it was", err=True)
            raise typer.Exit(_INTERRUPTED) from None
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            typer.echo(_bug(error), err=True)
            raise typer.Exit(_BUG) from None

    return wrapped  # type: ignore[return-value]  # functools.wraps keeps the signature


def _terminate(*_: object) -> None:
    raise KeyboardInterrupt


def _wants_json(options: dict[str, Any]) -> bool:
    chosen = options.get("log_format")
    if "log_format" not in options or chosen == "text":
        return False
    return chosen == "json" or not sys.stdout.isatty()


def _say(error: MaskrError, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_as_json(error)), err=True)
    elif isinstance(error, PolicyError):
        from maskr.cli.findings import print_findings

        print_findings(error.findings, error.files)
    else:
        typer.echo(f"error: {error}", err=True)


def _as_json(error: MaskrError) -> dict[str, object]:
    said: dict[str, object] = {
        "event": "error",
        "code": error.code,
        "where": error.where,
        "what": error.what,
        "hint": error.hint,
        "exit_code": error.exit_code,
    }
    if isinstance(error, PolicyError):
        said["findings"] = [str(finding) for finding in error.findings]
    return said


def _bug(error: Exception) -> str:
    """Where a bug struck, without the exception's text: it may quote a value."""
    ours = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_PACKAGE)
    ]
    place = ""
    if ours:
        name = Path(ours[-1].filename).relative_to(_PACKAGE.parent)
        place = f" at {name}:{ours[-1].lineno}"
    return (
        f"error: maskr: {type(error).__name__}{place}; this is a bug in maskr: report this line, "
        "the target is as it was [bug]"
    )
