"""The forms that output comes in; light, because the command line's own help needs them."""

from enum import StrEnum


class LogFormat(StrEnum):
    """Words for a person, or JSON for a machine."""

    TEXT = "text"
    JSON = "json"
