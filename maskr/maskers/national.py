"""Numbers that a state gives its people: valid before, valid after.

Each country's rules are those that python-stdnum checks, which the tests hold them to; where a
birthday is part of the number it becomes another day of the same kind.
"""

import re
from typing import Literal

from maskr.maskers import TEXT, Mask, Site, Traits, masker, national_europe, national_world
from maskr.maskers.structured import structured

_SCHEMES = {**national_europe.SCHEMES, **national_world.SCHEMES}

Country = Literal[
    "at", "be", "bg", "br", "ca", "ch", "cl", "cn", "cz", "de", "dk", "ee", "es", "fi", "fr", "gb",
    "gr", "hr", "ie", "il", "in", "it", "kr", "lt", "nl", "no", "pl", "pt", "ro", "se", "si", "sk",
    "tr", "us", "za",
]  # fmt: skip


@masker(kinds=TEXT, traits=Traits(format_kept=True, smallest_domain=10**6))
def national_id(site: Site, *, country: Country) -> Mask:
    """A person's number of a state, valid as the state counts it, with the same separators.

    The number that most people there are known by: a tax number in Germany (IdNr), Portugal, Brazil
    (CPF), Croatia and Chile, a social security number in the USA (SSN), France (NIR), Austria and
    Switzerland, an identity or person number elsewhere (Spain: DNI and NIE; the United Kingdom:
    NINO and NHS; Italy: codice fiscale; India: Aadhaar). A value of another shape cannot be read.
    Two numbers may get one fake: a unique column takes ``fpe``.

    Args:
        site: where the mask works.
        country: its two letters (ISO 3166-1).

    Example:
        ``tax_id: {mask: national_id, country: de}``
    """
    return structured(_SCHEMES[country], f"national_id/{country}")


_SIGNS = {"9": r"\d", "#": r"\d", "A": "[A-Z]", "@": "[A-Z]", "?": "[A-Z0-9]", "=": "[A-Z0-9]"}


def shape(country: Country) -> re.Pattern[str]:
    """What such a number looks like without its separators, in capitals."""
    shapes = ("".join(_SIGNS[sign] for sign in each.shape) for each in _SCHEMES[country])
    return re.compile("|".join(shapes), re.ASCII)


@masker(kinds=TEXT, traits=Traits(format_kept=True, smallest_domain=10**6))
def ssn(site: Site) -> Mask:
    """A social security number of the USA, as ``national_id`` gives it with ``country: us``.

    Example:
        ``ssn: ssn``
    """
    return structured(_SCHEMES["us"], "national_id/us")
