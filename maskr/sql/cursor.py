"""A place in a list of tokens, and the steps that every reader of SQL takes from it."""

from collections.abc import Sequence

from maskr.sql.lexer import Token

# PostgreSQL cuts longer names: NAMEDATALEN - 1, in bytes.
MOST_NAME_BYTES = 63


class UnreadableError(Exception):
    """The tokens are not what the reader knows; never leaves the room `maskr.sql`.

    Attributes:
        start: characters before the token that is not understood.
        near: that token (of SQL, so never a row's value); empty at the end.
    """

    def __init__(self, start: int, near: str) -> None:
        """Names the token."""
        super().__init__(start, near)
        self.start = start
        self.near = near


def clip(name: str, size: int = MOST_NAME_BYTES) -> str:
    """The name cut to ``size`` bytes, never within a character."""
    return name if len(name) * 4 <= size else name.encode()[:size].decode(errors="ignore")


class Cursor:
    """Stands before one of ``tokens``; every step that takes something moves it on."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        """Stands before the first token."""
        self.tokens = tokens
        self.at = 0

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.tokens)

    def peek(self, ahead: int = 0) -> str:
        """A coming token: a word folded, anything else as it stands; empty at the end."""
        try:
            kind, text, value, _ = self.tokens[self.at + ahead]
        except IndexError:
            return ""
        return value if kind == "word" else text

    def kind(self, ahead: int = 0) -> str:
        """The kind of a coming token; empty at the end."""
        at = self.at + ahead
        return self.tokens[at].kind if at < len(self.tokens) else ""

    def take(self, *words: str) -> bool:
        """Takes all of ``words`` where they come next; otherwise nothing."""
        for ahead, word in enumerate(words):
            if self.peek(ahead) != word:
                return False
        self.at += len(words)
        return True

    def take_any(self, *words: str) -> str:
        """Takes one of ``words`` and says which; empty where none comes next."""
        word = self.peek()
        if word not in words:
            return ""
        self.at += 1
        return word

    def need(self, *words: str) -> None:
        """Takes ``words``.

        Raises:
            UnreadableError: something else comes next.
        """
        if not self.take(*words):
            raise self.unreadable()

    def next(self) -> Token:
        """Takes the next token.

        Raises:
            UnreadableError: none is left.
        """
        if self.done:
            raise self.unreadable()
        self.at += 1
        return self.tokens[self.at - 1]

    def name(self) -> str:
        """Takes one identifier.

        Raises:
            UnreadableError: something else comes next.
        """
        if self.kind() not in ("word", "quoted"):
            raise self.unreadable()
        return clip(self.next().value)

    def names(self) -> tuple[str, ...]:
        """Takes ``(name, name, …)``.

        Raises:
            UnreadableError: something else comes next.
        """
        self.need("(")
        found = [self.name()]
        while self.take(","):
            found.append(self.name())
        self.need(")")
        return tuple(found)

    def qualified(self) -> tuple[str, ...]:
        """Takes ``name`` or ``name.name``, in two parts at most; a database's name is left out.

        Raises:
            UnreadableError: something else comes next.
        """
        found = [self.name()]
        while self.take("."):
            found.append(self.name())
        return tuple(found[-2:])

    def group(self) -> list[Token]:
        """Takes a pair of parentheses and gives what stands within.

        Raises:
            UnreadableError: none opens here, or it never closes.
        """
        self.need("(")
        depth = 1
        for at in range(self.at, len(self.tokens)):  # not next(): a table's body comes this way
            text = self.tokens[at].text
            if text == "(":
                depth += 1
            elif text == ")":
                depth -= 1
                if depth == 0:
                    inner = list(self.tokens[self.at : at])
                    self.at = at + 1
                    return inner
        self.at = len(self.tokens)
        raise self.unreadable()

    def unreadable(self) -> UnreadableError:
        """The error that points at the next token."""
        if self.done:
            last = self.tokens[-1] if self.tokens else Token("junk", "", "", 0)
            return UnreadableError(last.start + len(last.text), "")
        token = self.tokens[self.at]
        near = "a string" if token.kind in ("string", "dollar") else token.text
        return UnreadableError(token.start, near)
