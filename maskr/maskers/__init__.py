"""What a masker is, and the registry of them all.

A masker is one decorated function. Its keyword-only, typed arguments are the policy's parameters,
its docstring its page in ``maskr maskers``. Called once a column, with the `Site` it will work at,
it gives back a mask: a function over the whole column. It gets draws, never a key or a source of
randomness, so it has no way to be unrepeatable.
"""

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, Protocol

import polars as pl
from pydantic import ConfigDict, TypeAdapter, ValidationError, WithJsonSchema, create_model

from maskr.keys import Draws
from maskr.model import Across, Column, Kind

#: A mask: values (text as PostgreSQL prints it, unescaped), draws of the same rows, and what
#: `Masker.reads`, `Masker.originals`, `Masker.fields` and `Masker.across` asked for (in this
#: order), to a column of the same rows. NULLs are put back by the kernel. A NULL where there was a
#: value says that the mask cannot read that value: the kernel does what the rule's ``on_invalid``
#: says.
Mask = Callable[..., pl.Series]

#: A parameter that holds a rule of its own (a leaf of a JSON document, a link of a chain), as the
#: policy writes it: a name, or a mapping with ``mask``; None is the masker ``null``.
Nested = Annotated[str | dict[str, Any] | None, WithJsonSchema({"$comment": "a rule"})]

#: Distinct values below which a fake that stands for one value can be told by counting or trying:
#: NIST SP 800-38G Rev. 1, section 5, wants a million for format-preserving encryption.
SAFE_DOMAIN = 1_000_000

ANY = frozenset(Kind)
TEXT = frozenset({Kind.TEXT})


def leaf(column: Column) -> Column:
    """What stands inside a document: a text of any length."""
    return Column(column.name, "text", Kind.TEXT)


def element(column: Column) -> Column:
    """What stands inside an array: a column of the type without its brackets."""
    kind = column.element or Kind.TEXT
    return replace(column, type=column.type.removesuffix("[]"), kind=kind, element=None)


class Pool(Protocol):
    """Gives a pool of distinct Faker words; the same for the same arguments and key."""

    def __call__(
        self, provider: str, locales: tuple[str, ...] = (), /, **arguments: object
    ) -> pl.Series:
        """``provider`` is a Faker method; without ``locales`` the words are in all the site's."""
        ...


class Inner(Protocol):
    """The mask of a rule that stands inside another one's parameter."""

    def __call__(self, values: pl.Series, draws: Draws | None = None) -> pl.Series:
        """Masks texts, drawn from themselves; with ``draws`` (one a text), from those instead."""
        ...


class UnusableError(ValueError):
    """A masker cannot be made here, though its parameters look right: a file is missing, say."""

    def __init__(self, what: str, hint: str) -> None:
        """In words, without any value of a row."""
        super().__init__(what, hint)
        self.what = what
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Traits:
    """What a masker promises of its output, its parameters being what they are.

    Attributes:
        unique: distinct values in give distinct values out (a permutation, or 96 bits and more).
        repeatable: the same value gives the same fake, run after run, under one key.
        reversible: the holder of the key could compute the original.
        keeps: the original value, or a part of it, stays readable.
        format_kept: length, separators and character classes are those of the original.
        longest: characters of the longest output; None where it is cut to the column's width.
        coincides: the fake has nothing to do with the value and may happen to equal it. Without
            it such a fake is drawn anew, which of two possible values would give away the other.
        smallest_domain: with fewer distinct values than this, the holder of a guess could test it
            by counting: frequencies show through.
    """

    unique: bool = False
    repeatable: bool = True
    reversible: bool = False
    keeps: bool = False
    format_kept: bool = False
    longest: int | None = None
    coincides: bool = False
    smallest_domain: int = 0


@dataclass(frozen=True, slots=True)
class Site:
    """Where a mask will work.

    Attributes:
        column: the column it masks.
        pool: word pools in the locales of the policy.
        nested: binds the rule that stands inside a parameter, named as `Masker.rules` names it.
        locales: those of the policy.
    """

    column: Column
    pool: Pool
    nested: Callable[[str], Inner]
    locales: tuple[str, ...] = ("en_US",)


@dataclass(frozen=True, slots=True)
class BadParameter:
    """One parameter that a masker cannot take: its name, what is wrong, what to do."""

    name: str
    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class Masker:
    """A masker as the registry holds it.

    Attributes:
        build: the decorated function.
        kinds: the kinds of column it takes.
        takes_nulls: True where it is handed NULLs and answers for them itself.
        omits: True where the column is left out of the copy altogether.
        files: the parameters that are paths, relative to the file of the policy they stand in.
        inside: the column that the rules inside its parameters work on.
        across: what the source is to work out for it over all rows of the table; None for all
            maskers that look at nothing but the row.
    """

    name: str
    build: Callable[..., Mask]
    kinds: frozenset[Kind]
    takes_nulls: bool
    omits: bool
    files: tuple[str, ...]
    inside: Callable[[Column], Column]
    across: Across | None
    _traits: Traits | Callable[..., Traits]
    _reads: Callable[..., Sequence[str]] | None
    _originals: Callable[..., Sequence[str]] | None
    _fields: Callable[..., Sequence[str]] | None
    _rules: Callable[..., Mapping[str, object]] | None

    @property
    def page(self) -> str:
        """The docstring: what it does, its parameters, an example."""
        return inspect.cleandoc(self.build.__doc__ or "")

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The keyword-only arguments, by name."""
        signature = inspect.signature(self.build)
        return {
            name: parameter
            for name, parameter in signature.parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        }

    def traits(self, **parameters: object) -> Traits:
        """What it promises with these parameters (as `parse` gave them)."""
        return self._traits if isinstance(self._traits, Traits) else self._traits(**parameters)

    def reads(self, **parameters: object) -> tuple[str, ...]:
        """The columns of the row whose masked values it wants, in the order it wants them."""
        return tuple(self._reads(**parameters)) if self._reads else ()

    def originals(self, **parameters: object) -> tuple[str, ...]:
        """The columns of the row whose original values it wants."""
        return tuple(self._originals(**parameters)) if self._originals else ()

    def fields(self, **parameters: object) -> tuple[str, ...]:
        """SQL expressions over the row that the source is to evaluate for it."""
        return tuple(self._fields(**parameters)) if self._fields else ()

    def rules(self, **parameters: object) -> Mapping[str, object]:
        """The rules that stand inside its parameters, by where: ``{"paths.$.a": "email"}``."""
        return self._rules(**parameters) if self._rules else {}

    def parse(
        self, given: Mapping[str, object]
    ) -> tuple[dict[str, object], tuple[BadParameter, ...]]:
        """Checks the policy's parameters against the signature.

        Returns:
            Every parameter by name, defaults filled in, and what is wrong with them; with
            anything wrong the parameters are of no use.
        """
        try:
            model = _model(self.name).validate_python(dict(given))
        except ValidationError as error:
            return {}, tuple(self._explain(problem) for problem in error.errors())
        return {name: getattr(model, name) for name in self.parameters}, ()

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the parameters: an object with properties and required.

        A parameter that holds a rule refers to ``#/$defs/RuleSpec``, which the policy's has.
        """
        schema: dict[str, Any] = _referring(_model(self.name).json_schema())
        return schema

    def _explain(self, problem: Any) -> BadParameter:
        path = [str(part) for part in problem["loc"]] or [""]
        known = ", ".join(self.parameters) or "none"
        if problem["type"] == "extra_forbidden":
            near = difflib.get_close_matches(path[0], self.parameters, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"its parameters: {known}"
            return BadParameter(path[0], f"masker {self.name!r} has no parameter {path[0]!r}", hint)
        if problem["type"] == "missing":
            return BadParameter(
                path[0], f"masker {self.name!r} needs the parameter {path[0]!r}", "add it"
            )
        # pydantic's msg says what was expected; its `input` would quote the policy, which is no
        # secret, but may be long.
        message = problem["msg"].removeprefix("Value error, ")
        return BadParameter(".".join(path), f"parameter {path[0]!r}: {message}", "correct it")


_registry: dict[str, Masker] = {}


def masker(
    *,
    kinds: frozenset[Kind],
    traits: Traits | Callable[..., Traits] | None = None,
    reads: Callable[..., Sequence[str]] | None = None,
    originals: Callable[..., Sequence[str]] | None = None,
    fields: Callable[..., Sequence[str]] | None = None,
    rules: Callable[..., Mapping[str, object]] | None = None,
    inside: Callable[[Column], Column] = lambda column: column,
    across: Across | None = None,
    files: Sequence[str] = (),
    takes_nulls: bool = False,
    omits: bool = False,
    name: str | None = None,
) -> Callable[[Callable[..., Mask]], Callable[..., Mask]]:
    """Registers the decorated function as a masker under its own name (or ``name``)."""

    def register(build: Callable[..., Mask]) -> Callable[..., Mask]:
        called = name or build.__name__
        if called in _registry:
            raise ValueError(f"two maskers are called {called}")
        _registry[called] = Masker(
            name=called,
            build=build,
            kinds=kinds,
            takes_nulls=takes_nulls,
            omits=omits,
            files=tuple(files),
            inside=inside,
            across=across,
            _traits=traits or Traits(),
            _reads=reads,
            _originals=originals,
            _fields=fields,
            _rules=rules,
        )
        return build

    return register


@cache
def registry() -> Mapping[str, Masker]:
    """Every masker by name, sorted. Imports the families on first use."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_registry.items()))


def _referring(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_referring(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _referring(value) for key, value in schema.items()}
    if found.pop("$comment", None) == "a rule":  # pydantic refuses a reference out of its schema
        found["$ref"] = "#/$defs/RuleSpec"
    return found


@cache
def _model(name: str) -> TypeAdapter[Any]:
    build = registry()[name].build
    fields: dict[str, Any] = {
        parameter.name: (
            parameter.annotation,
            ... if parameter.default is inspect.Parameter.empty else parameter.default,
        )
        for parameter in registry()[name].parameters.values()
    }
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=False, strict=True)
    return TypeAdapter(create_model(build.__name__, __config__=config, **fields))
