"""Finds what tells of a person in free text: by its shape, and by a check digit where there is one.

Knows no language and no names. What it is not sure about it takes for a number: rather one too
many is masked than one too few.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator

#: What is looked for, in the order of precedence where two could begin at the same place.
FOUND = ("url", "email", "iban", "ip", "date", "ssn", "card", "phone", "number")

_LEAST_PHONE = 7  # digits: shorter ones are numbers of rooms and years
_SHAPES = re.compile(
    r"""(?P<url>(?:https?|ftp)://[^\s<>"']*[\w/]|www\.[^\s<>"']*[\w/])"""
    r"""|(?P<email>\w[\w.+'%-]*@\w[\w-]*(?:\.[\w-]+)*)"""
    r"""|(?P<iban>(?<!\w)[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]){11,30}(?!\w))"""
    r"""|(?P<ip>(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)"""
    r"""(?!\w))"""
    r"""|(?P<date>(?<!\d)(?:\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?"""
    r"""|\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d\d))(?!\d))"""
    r"""|(?P<ssn>(?<![\w-])\d{3}-\d\d-\d{4}(?![\w-]))"""
    r"""|(?P<card>(?<!\w)\d(?:[ -]?\d){12,18}(?!\w))"""
    r"""|(?P<phone>(?<!\w)\+?\(?\d(?:[ ().\/-]{0,3}\d){6,40}(?!\w))"""
    r"""|(?P<number>(?<!\w)(?=(?:[A-Za-z.-]{0,6}\d){5})[A-Za-z\d]+(?:[.-][A-Za-z\d]+)*(?!\w))"""
)

_GROUP = re.compile(r"[A-Z0-9]+")
_SHORTEST_IBAN = 15  # characters: Norway's
_SIGN = re.compile(r"[@\d]|://|::|www\.")
_REST = re.compile(r"[\d@]*")


def findings(text: str) -> Iterator[tuple[int, int, str]]:
    """Where something stands (begin, end) and which of `FOUND` it is, from left to right.

    Looks only where a word with a digit or an ``@`` stands: most of a text is passed over in C.
    """
    at = 0
    while sign := _SIGN.search(text, at):
        found = _begun(text, at, sign.start())
        if found is not None:
            yield found
            at = found[1]
        else:
            at = _REST.match(text, sign.end()).end()  # type: ignore[union-attr]  # it matches nothing, too


def _begun(text: str, least: int, sign: int) -> tuple[int, int, str] | None:
    """What begins in the word around ``sign``, not before ``least``."""
    start = sign
    while start > least and not text[start - 1].isspace():
        start -= 1
    for at in range(start, sign + 1):
        if at > start and text[at - 1].isalnum():
            continue
        found = _SHAPES.match(text, at)
        if found is None or found.lastgroup is None:
            continue
        what, end = found.lastgroup, _end(found.lastgroup, found[0])
        # A shape whose check fails may still be another one.
        if not end:
            what, end = _other(text, at, what)
        if end:
            return at, at + end, what
    return None


def _other(text: str, start: int, but: str) -> tuple[str, int]:
    """What else begins there and how long it is; 0 where nothing does."""
    for what in FOUND[FOUND.index(but) + 1 :]:
        found = _ONE[what].match(text, start)
        if found and (end := _end(what, found[0])):
            return what, end
    return but, 0


def _end(what: str, text: str) -> int:
    """How much of the text is really what it looks like; 0 where nothing is."""
    check = _CHECKS.get(what)
    return len(text) if check is None else check(text)


def _iban(text: str) -> int:
    """ISO 13616: the letters as numbers, the first four behind the rest, modulo 97 it is 1."""
    ends = [found.end() for found in _GROUP.finditer(text) if found.end() >= _SHORTEST_IBAN]
    for end in reversed(ends):  # words in capitals may follow it
        plain = text[:end].replace(" ", "").replace("-", "")
        number = "".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])
        if int(number) % 97 == 1:
            return end
    return 0


def _card(text: str) -> int:
    """ISO/IEC 7812-1, annex B (Luhn)."""
    digits = [int(sign) for sign in reversed(text) if sign.isdigit()]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(text) if (sum(digits[::2]) + doubled) % 10 == 0 else 0


def _ip(text: str) -> int:
    for end in (len(text), len(text.rstrip(".:"))):
        try:
            ipaddress.ip_address(text[:end])
        except ValueError:
            continue
        return end
    return 0


def _phone(text: str) -> int:
    digits = sum(sign.isdigit() for sign in text)
    return len(text) if digits >= _LEAST_PHONE else 0


_CHECKS: dict[str, Callable[[str], int]] = {
    "iban": _iban,
    "ip": _ip,
    "card": _card,
    "phone": _phone,
}


def _alone(what: str) -> re.Pattern[str]:
    start = _SHAPES.pattern.index(f"(?P<{what}>")
    after = FOUND.index(what) + 1
    end = _SHAPES.pattern.index(f"|(?P<{FOUND[after]}>") if after < len(FOUND) else None
    return re.compile(_SHAPES.pattern[start:end])


_ONE = {what: _alone(what) for what in FOUND}
