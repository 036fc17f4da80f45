"""Finds the files that ship beside the code: rule sets and the demo's database."""

from pathlib import Path

_INSTALLED = Path(__file__).parent / "shipped"
_CHECKOUT = Path(__file__).parents[1]


def shipped(name: str) -> Path:
    """The path of a shipped file, e.g. ``rules/shop.yaml``: in the wheel or in a checkout.

    Raises:
        FileNotFoundError: the installation is broken.
    """
    for root in (_INSTALLED, _CHECKOUT):
        path = root / name
        if path.exists():
            return path
    raise FileNotFoundError(name)
