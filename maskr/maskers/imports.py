"""Functions of the user's own, named in a policy."""

import importlib
from collections.abc import Callable
from typing import Any

from maskr.maskers import UnusableError

#: How one is written: ``module:function``.
FUNCTION = r"^[\w.]+:\w+$"


def imported(function: str) -> Callable[..., Any]:
    """The function of that name.

    Raises:
        UnusableError: there is no such module, or no such function in it.
    """
    module, _, name = function.partition(":")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:
        raise UnusableError(f"there is no module {module!r}", "set PYTHONPATH") from None
    if not callable(found):
        raise UnusableError(f"{module!r} has no function {name!r}", "correct the name")
    return found  # type: ignore[no-any-return]  # callable() says no more than that
