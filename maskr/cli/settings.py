"""What the environment says: where the key is."""

import os
from pathlib import Path

from maskr.errors import KeyMissingError
from maskr.keys import Key, read_key_command, read_key_file
from maskr.policy import Policy


def find_key(policy: Policy | None, ephemeral: bool = False) -> Key:
    """The key: a fresh one if asked for, else a file's, a variable's or a command's.

    Raises:
        KeyMissingError: there is none: a default would be no secret.
    """
    if ephemeral:
        return Key.new()
    if path := os.environ.get("MASKR_KEY_FILE"):
        return read_key_file(Path(path))
    if text := os.environ.get("MASKR_KEY"):
        return Key.parse(text, "MASKR_KEY")
    if policy is not None and policy.key_command:
        return read_key_command(policy.key_command)
    raise KeyMissingError(
        "key",
        "there is none",
        "make one with `maskr key new --out FILE` and set MASKR_KEY_FILE, or use --ephemeral-key",
    )


def key_or_fresh() -> tuple[Key, bool]:
    """The environment's key, or where it names none a fresh one, and whether it is that.

    For what is shown and not kept: a run has to be told to take a key that nobody has.

    Raises:
        KeyMissingError: the environment's is not usable.
    """
    fresh = not (os.environ.get("MASKR_KEY_FILE") or os.environ.get("MASKR_KEY"))
    return find_key(None, fresh), fresh
