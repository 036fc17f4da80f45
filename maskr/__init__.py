"""maskr: production data into staging, without the people in it."""

__version__ = "0.1.0"
