"""The first reader of a predicate: takes only what is listed, and spells what it takes.

Knows what may stand beside what, not which operator binds tighter: that stays with PostgreSQL,
which gets the same tokens in the same order.
"""

import re
from collections.abc import Callable, Collection
from difflib import get_close_matches

from maskr.sql import vocabulary
from maskr.sql.cursor import Cursor, UnreadableError
from maskr.sql.lexer import Token
from maskr.sql.refusals import Problem, misplaced, refused_function
from maskr.types import RESERVED, is_builtin

# Deeper nesting than anyone writes, and far from the end of Python's stack (sqlglot takes about
# 20 frames a level).
_DEEPEST = 20
_MOST_TOKENS = 1_000
# NUL and lone surrogates: PostgreSQL's UTF-8 has neither.
_UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")


class Vetter:
    """Takes an expression apart, spelling each token that it takes.

    Attributes:
        spelt: the tokens as PostgreSQL is to get them.
        columns_read: the columns met.
        problems: what is wrong, in no order.
    """

    def __init__(self, found: list[Token], columns: Collection[str], table: str) -> None:
        """Stands before the first of the tokens ``found``."""
        self.cursor = Cursor(found)
        self.known = columns
        self.table = table
        self.spelt: list[str] = []
        self.columns_read: set[str] = set()
        self.problems: list[Problem] = []
        self.depth = 0

    def read(self) -> None:
        """Reads all; what is wrong is in ``problems`` afterwards."""
        if len(self.cursor.tokens) > _MOST_TOKENS:
            self.refuse(0, "it is too long", "put it into a generated column")
            return
        try:
            self._expression()
            if not self.cursor.done:
                raise self.cursor.unreadable()
        except UnreadableError as error:
            self.refuse(error.start, *misplaced(error.near))

    def refuse(self, offset: int, what: str, hint: str, code: str = "unsafe-predicate") -> None:
        """Notes a problem at ``offset`` characters."""
        self.problems.append(Problem(code, what, hint, offset))

    def _take(self, *words: str) -> bool:
        """Takes and spells ``words`` where they all come next."""
        if not self.cursor.take(*words):
            return False
        self.spelt += words
        return True

    def _need(self, *words: str) -> None:
        self.cursor.need(*words)
        self.spelt += words

    def _take_any(self, *words: str) -> str:
        word = self.cursor.take_any(*words)
        self.spelt += [word] if word else []
        return word

    def _expression(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.cursor.unreadable()
        self._operand()
        while self._continued():
            pass
        self.depth -= 1

    def _continued(self) -> bool:
        """Takes an operator with its right side; False where none comes."""
        if self.cursor.kind() == "operator":
            return self._operation()
        if self._take_any("and", "or"):
            self._operand()
        elif self._take("is"):
            self._is()
        elif self._take_any("isnull", "notnull"):
            pass
        elif self.cursor.peek() == "not" or self.cursor.peek() in _COMPARISONS:
            return self._comparison()
        else:
            return False
        return True

    def _operation(self) -> bool:
        operator = self.cursor.next()
        if operator.text not in vocabulary.OPERATORS:
            hint = "put blanks between operators" if operator.text[1:] else "use another operator"
            self.refuse(operator.start, f"operator {operator.text} is not allowed", hint)
        self.spelt.append(operator.text)
        if self.cursor.peek(1) == "(" and self._take_any("any", "all", "some"):
            self._arguments()
        else:
            self._operand()
        return True

    def _is(self) -> None:
        self._take("not")
        if self._take("distinct", "from"):
            self._operand()
        elif not self._take_any("null", "true", "false", "unknown"):
            raise self.cursor.unreadable()

    def _comparison(self) -> bool:
        """``[NOT] IN | BETWEEN | LIKE …``; the AND of BETWEEN is read as any other AND."""
        if self.cursor.peek() == "in" and self.cursor.peek(1) != "(":
            return False  # position('a' in b)
        self._take("not")
        if self._take("in"):
            self._arguments()
        elif self._take("between"):
            self._take_any("symmetric", "asymmetric")
            self._operand()
        elif self._take_any("like", "ilike") or self._take("similar", "to"):
            self._operand()
            if self._take("escape"):
                self._string()
        else:
            raise self.cursor.unreadable()
        return True

    def _operand(self) -> None:
        while self._take_any("not", "-", "+", "~"):
            pass
        self._primary()
        while True:
            if self._take("::"):
                self._type()
            elif self._take("["):
                self._expression()
                self._need("]")
            elif self._take("at", "time", "zone"):
                self._primary()
            else:
                return

    def _primary(self) -> None:
        word, kind = self.cursor.peek(), self.cursor.kind()
        if word == "(":
            self._arguments()
        elif kind == "string":
            self._string()
        elif kind == "number":
            self._number()
        elif kind == "word" and self.cursor.kind(1) == "string":
            self._typed_literal()
        elif word in _SYNTAX and (self.cursor.peek(1) in ("(", "[") or word == "case"):
            self._take(word)
            _SYNTAX[word](self)
        elif word in vocabulary.CONSTANTS:
            self._take(word)
        elif kind == "word" and self.cursor.peek(1) == "(":
            self._function()
        elif kind == "quoted" or (kind == "word" and word not in RESERVED):
            self._column()
        else:
            raise self.cursor.unreadable()

    def _arguments(self) -> None:
        """``(a, b, …)``, at least one."""
        self._need("(")
        self._list()
        self._need(")")

    def _list(self) -> None:
        self._expression()
        while self._take(","):
            self._expression()

    def _string(self) -> None:
        string = self.cursor.next()
        if string.kind != "string":
            raise UnreadableError(string.start, string.text)
        if not string.text.startswith("'"):
            self.refuse(string.start, "a string has a prefix", "write a plain '…' string")
        elif _UNSTORABLE.search(string.value):
            self.refuse(string.start, "a string holds what no text can", "leave it out")
        self.spelt.append(_literal(string.value))

    def _number(self) -> None:
        number = self.cursor.next()
        if number.kind != "number":
            raise UnreadableError(number.start, number.text)
        end = number.start + len(number.text)
        if (
            self.cursor.kind() in ("word", "number")
            and self.cursor.tokens[self.cursor.at].start == end
        ):
            raise self.cursor.unreadable()  # 0x1F: servers before 16 read 0 AS x1f
        self.spelt.append(number.text)

    def _typed_literal(self) -> None:
        name = self.cursor.next()
        if name.value not in vocabulary.LITERAL_TYPES:
            raise UnreadableError(name.start, name.text)
        self.spelt.append(name.value)
        self._string()

    def _function(self) -> None:
        name = self.cursor.next()
        if name.value not in vocabulary.FUNCTIONS:
            self.refuse(name.start, *refused_function(name.value))
        self.spelt.append(f"pg_catalog.{name.value}")
        self._need("(")
        if not self._take(")"):
            self._list()
            self._need(")")

    def _column(self) -> None:
        """A column, perhaps qualified by the table's own name, which is left out."""
        if self.cursor.peek(1) == ".":
            table = self.cursor.next()
            if table.value != self.table or self.cursor.kind(1) not in ("word", "quoted"):
                raise UnreadableError(table.start, table.text)
            self.cursor.need(".")
        column = self.cursor.next()
        if self.cursor.peek() in ("(", "."):
            raise UnreadableError(column.start, column.text)
        if column.value not in self.known:
            near = get_close_matches(column.value, self.known, 1)
            hint = f"did you mean {near[0]!r}?" if near else "name a column of this table"
            what = f"the table has no column {column.value!r}"
            self.refuse(column.start, what, hint, "unknown-column")
        self.columns_read.add(column.value)
        self.spelt.append('"' + column.value.replace('"', '""') + '"')

    def _type(self) -> None:
        """A built-in type."""
        for words in vocabulary.LONG_TYPES:
            if self._take(*words):
                break
        else:
            name = self.cursor.next()
            if name.kind != "word" or not is_builtin(name.value) or name.value[:3] == "reg":
                hint = "cast to a built-in type, or compare with a plain string"
                self.refuse(name.start, "it casts to a type that is not built in", hint)
            self.spelt.append(name.value)
        if self._take("("):
            self._number()
            while self._take(","):
                self._number()
            self._need(")")
            if self._take_any("without", "with"):
                self._need("time", "zone")
        while self._take("[", "]"):
            pass

    def _case(self) -> None:
        if self.cursor.peek() != "when":
            self._expression()
        self._need("when")
        while True:
            self._expression()
            self._need("then")
            self._expression()
            if not self._take("when"):
                break
        if self._take("else"):
            self._expression()
        self._need("end")

    def _cast(self) -> None:
        self._need("(")
        self._expression()
        self._need("as")
        self._type()
        self._need(")")

    def _extract(self) -> None:
        self._need("(")
        if not self._take_any(*vocabulary.FIELDS):
            raise self.cursor.unreadable()
        self._need("from")
        self._expression()
        self._need(")")

    def _position(self) -> None:
        self._need("(")
        self._operand()
        self._need("in")
        self._expression()
        self._need(")")

    def _substring_or_trim(self) -> None:
        self._need("(")
        self._take_any("both", "leading", "trailing")
        if self.cursor.peek() != "from":
            self._list()
        while self._take_any("from", "for"):
            self._list()
        self._need(")")

    def _array(self) -> None:
        self._need("[")
        self._list()
        self._need("]")


# What is written with words between the parentheses, or none: after the word itself is taken.
_SYNTAX: dict[str, Callable[[Vetter], None]] = {
    "case": Vetter._case,
    "cast": Vetter._cast,
    "extract": Vetter._extract,
    "position": Vetter._position,
    "substring": Vetter._substring_or_trim,
    "trim": Vetter._substring_or_trim,
    "array": Vetter._array,
    "coalesce": Vetter._arguments,
    "greatest": Vetter._arguments,
    "least": Vetter._arguments,
    "nullif": Vetter._arguments,
}
_COMPARISONS = ("in", "between", "like", "ilike", "similar")


def _literal(value: str) -> str:
    """The string in PostgreSQL's spelling, the same whatever standard_conforming_strings says."""
    quoted = "'" + value.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in value else quoted
