"""The words that options take; light, because the command line's own help needs them."""

from enum import StrEnum


class Load(StrEnum):
    """How staging is filled: built anew beside the old one, or emptied and filled where it is."""

    REBUILD = "rebuild"
    REFILL = "refill"


class LogFormat(StrEnum):
    """Words for a person, or JSON for a machine."""

    TEXT = "text"
    JSON = "json"


class CheckFormat(StrEnum):
    """How findings are told."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    MARKDOWN = "markdown"


class DiffFormat(StrEnum):
    """How changes are told."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class CatalogueFormat(StrEnum):
    """How the maskers are told."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
