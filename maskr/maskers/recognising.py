"""A recogniser of the user's own: a function that finds names in texts, such as an NER model's.

What goes wrong in it is told without a text: its own messages are not repeated.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from maskr.errors import DataError
from maskr.maskers import Site

_TRIED_TWICE = 20  # texts of the first batch: a model takes milliseconds for each


class Recognised(NamedTuple):
    """What stands somewhere in a text: begin and end (characters), and what it is."""

    start: int
    end: int
    label: str


class Recogniser:
    """Asks the function once for each distinct text of a batch, and believes it nothing."""

    __slots__ = ("_call", "_site", "_tried")

    def __init__(self, call: Callable[..., Any], site: Site) -> None:
        """``call`` takes a list of texts and gives ``(begin, end, label)`` of each."""
        self._call = call
        self._site = site
        self._tried = False

    def __call__(self, texts: Sequence[str]) -> list[list[Recognised]]:
        """What is in the texts, from left to right, none within another.

        Raises:
            DataError: the function raised something, gave no such list, or another one the second
                time.
        """
        distinct = list(dict.fromkeys(texts))
        found = self._asked(distinct)
        if not self._tried and distinct:
            self._tried = True
            if self._asked(distinct[:_TRIED_TWICE]) != found[:_TRIED_TWICE]:
                raise self._failed("is not repeatable", "draw nothing from chance in it")
        by_text = dict(zip(distinct, found, strict=True))
        return [by_text[text] for text in texts]

    def _asked(self, texts: list[str]) -> list[list[Recognised]]:
        try:
            answers = [list(answer) for answer in self._call(list(texts))]
        except Exception as error:
            # Its message may well quote the text, and so may its traceback.
            raise self._failed(f"raised {type(error).__name__}", "try it by hand") from None
        if len(answers) != len(texts):
            what = f"gave {len(answers)} answers for {len(texts)} texts"
            raise self._failed(what, "give a list for each")
        return [self._read(answer, text) for answer, text in zip(answers, texts, strict=True)]

    def _read(self, answer: list[Any], text: str) -> list[Recognised]:
        match answer:
            case [*spans] if all(_is_span(span, len(text)) for span in spans):
                every = sorted(Recognised(*span) for span in spans)
            case _:
                what = "gave what is no (begin, end, label) within its text"
                raise self._failed(what, "count in characters, from 0, the end behind the last")
        found: list[Recognised] = []
        for span in every:
            if not found or found[-1].end <= span.start:
                found.append(span)
        return found

    def _failed(self, what: str, hint: str) -> DataError:
        where = f"column {self._site.column.name}"
        return DataError(where, f"the recogniser {what}", hint)


def _is_span(span: object, length: int) -> bool:
    match span:
        case (int(start), int(end), str()):
            return 0 <= start < end <= length
    return False
