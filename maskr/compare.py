"""What a change of policy does to staging, column by column: exposes, weakens, changes, protects.

Effective rules are compared, not lines: a change of a glob, a named rule or a referenced column
shows at every column that it reaches.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from maskr.checks import enclosing, nested_rules
from maskr.checks.joins import same_output
from maskr.draft import Choice, Draft, rows_of
from maskr.errors import Place
from maskr.model import TableName
from maskr.policy import Rows
from maskr.policy.model import Rule


class Category(StrEnum):
    """What a change means for a reviewer, the gravest first."""

    EXPOSED = "newly exposed"
    WEAKER = "weaker"
    CHANGED = "changed output"
    PROTECTED = "newly protected"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        subject: ``schema.table.column``, ``schema.table``, or the name of a setting.
        old, new: what holds before and after, in words.
        why: what it means, where ``old`` and ``new`` do not say it.
        place: where the new policy says so.
    """

    category: Category
    subject: str
    old: str
    new: str
    why: str = ""
    place: Place | None = None


def compare(old: Draft, new: Draft) -> tuple[Change, ...]:
    """Every change from one policy to the other, both laid over the same schema."""
    changes = [*_settings(old, new), *_tables(old, new)]
    order = list(Category)
    return tuple(sorted(changes, key=lambda change: (order.index(change.category), change.subject)))


def _settings(old: Draft, new: Draft) -> Iterator[Change]:
    was, now = old.policy, new.policy
    if was.unlisted != now.unlisted:
        exposes = Category.EXPOSED if now.unlisted == "keep" else Category.PROTECTED
        why = "what nobody decides about"
        place = now.places.get("defaults.unlisted")
        yield Change(exposes, "defaults.unlisted", was.unlisted, now.unlisted, why, place)
    if was.locale != now.locale:
        why = "words come from other pools"
        said = [", ".join(each.locale) for each in (was, now)]
        yield Change(Category.CHANGED, "locale", said[0], said[1], why, now.places.get("locale"))
    if was.key_command != now.key_command:
        why = "all fakes change, unless it is the same key"
        said = [" ".join(each.key_command) or "of the environment" for each in (was, now)]
        yield Change(Category.CHANGED, "key", said[0], said[1], why, now.places.get("key"))
    if was.target_allow != now.target_allow and not _narrower(was.target_allow, now.target_allow):
        allowed = [", ".join(each.target_allow) or "any" for each in (was, now)]
        why = "maskr may write elsewhere"
        place = now.places.get("target.allow")
        yield Change(Category.WEAKER, "target.allow", allowed[0], allowed[1], why, place)


def _narrower(was: tuple[str, ...], now: tuple[str, ...]) -> bool:
    return bool(now) and (not was or set(now) <= set(was))


def _tables(old: Draft, new: Draft) -> Iterator[Change]:
    for name, table in new.schema.tables.items():
        said = old.effective.entries(name) or new.effective.entries(name)
        if table.parent is not None and not said:
            continue  # a partition of which nothing is said follows its root
        before, after = (rows_of(each.effective, each.schema, name) for each in (old, new))
        yield from _rows(new, name, before, after)
        if table.parent is None and name in old.choices and name in new.choices:
            for column, choice in new.choices[name].items():
                yield from _column(old, new, old.choices[name][column], choice)


def _rows(new: Draft, name: TableName, old: Rows, now: Rows) -> Iterator[Change]:
    subject = str(name)
    if old.rows != now.rows:
        category = _widening(old.rows, now.rows)
        why = _kept(new, name) if old.rows == "none" else ""
        place = now.places.get("rows")
        yield Change(category, subject, f"rows: {old.rows}", f"rows: {now.rows}", why, place)
    if old.where != now.where and "none" not in (old.rows, now.rows):
        was, is_ = (f"where: {each}" if each else "every row" for each in (old.where, now.where))
        if now.where is None:
            yield Change(Category.EXPOSED, subject, was, is_, "all of its rows are copied")
        else:
            category = Category.WEAKER if old.where else Category.PROTECTED
            why = "other rows are copied" if old.where else ""
            yield Change(category, subject, was, is_, why, now.places.get("where"))


def _widening(old: str | int, new: str | int) -> Category:
    sizes = [_share(old), _share(new)]
    if isinstance(old, int) and isinstance(new, int):
        sizes = [float(old), float(new)]
    elif isinstance(old, int) or isinstance(new, int):
        # A count beside a share: which of them is more, only the data knows.
        whole = {"all": 1.0, "none": -1.0}
        sizes = [whole.get(str(old), 0.0), whole.get(str(new), 0.0)]
        if sizes[0] == sizes[1]:
            return Category.WEAKER
    return Category.EXPOSED if sizes[1] > sizes[0] else Category.PROTECTED


def _share(rows: str | int) -> float:
    words = {"all": 100.0, "none": 0.0}
    return words[str(rows)] if str(rows) in words else float(str(rows).removesuffix("%"))


def _kept(new: Draft, name: TableName) -> str:
    columns = new.choices.get(new.schema.root(name), {}).values()
    kept = sum(each.rule is not None and each.rule.mask == "keep" for each in columns)
    return f"{kept} of its {len(columns)} columns are kept"


def _column(old: Draft, new: Draft, was: Choice, now: Choice) -> Iterator[Change]:
    before, after = was.rule, now.rule
    if before is None and after is None:
        return
    if before is None or after is None:
        category = Category.ADDED if before is None else Category.REMOVED
        place = after.place if after else None
        yield Change(category, now.subject, words(before), words(after), place=place)
    else:
        yield from _rules(_Pair(old, new, before, after, now.subject))


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two rules of one column, or of one place within it."""

    old: Draft
    new: Draft
    was: Rule
    now: Rule
    subject: str
    within: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    def change(self, category: Category, why: str = "") -> Change:
        return Change(category, self.subject, words(self.was), words(self.now), why, self.now.place)


def _rules(pair: _Pair) -> Iterator[Change]:
    was, now = pair.was, pair.now
    if was.mask == now.mask == "keep":
        return
    if now.mask == "keep" or was.mask == "keep":
        masked = was.mask == "keep"
        yield pair.change(Category.PROTECTED if masked else Category.EXPOSED)
        return
    inner = list(_inside(pair))
    yield from inner
    for weakening in _WEAKENINGS:
        if (found := weakening(pair)) is not None:
            yield found
            return
    # What changed inside has been told; nothing else may be said twice.
    if not inner and not same_output(pair.new, was, now):
        yield pair.change(Category.CHANGED)


def _inside(pair: _Pair) -> Iterator[Change]:
    """The changes of the rules within the parameters, such as a JSON document's paths."""
    if pair.was.mask != pair.now.mask:
        return
    before = nested_rules(pair.old, pair.was, pair.within[0])
    after = nested_rules(pair.new, pair.now, pair.within[1])
    for where in dict.fromkeys((*before, *after)):
        subject = f"{pair.subject} {where.partition('.')[2] or where}"
        if where not in after:
            yield Change(Category.EXPOSED, subject, words(before[where]), "keep")
        elif where not in before:
            new = after[where]
            yield Change(Category.PROTECTED, subject, "keep", words(new), place=new.place)
        else:
            around = enclosing(pair.was, pair.within[0]), enclosing(pair.now, pair.within[1])
            yield from _rules(
                _Pair(pair.old, pair.new, before[where], after[where], subject, around)
            )


def _condition(pair: _Pair) -> Change | None:
    was, now = pair.was.when, pair.now.when
    if was == now:
        return None
    if was is None:
        return pair.change(Category.EXPOSED, f"kept except where {now}")
    if now is None:
        return pair.change(Category.PROTECTED, f"not only where {was}")
    return pair.change(Category.WEAKER, "other rows are kept")


def _strength(pair: _Pair) -> Change | None:
    was, now = _rank(pair.old, pair.was), _rank(pair.new, pair.now)
    return pair.change(Category.WEAKER, _RANKS[now]) if now < was else None


_RANKS = ("a part of the value shows", "the holder of the key can undo it", "drawn from the value")


def _rank(draft: Draft, rule: Rule) -> int:
    """How little a fake says of the value: more is stronger."""
    traits = draft.parsed(rule).traits
    if rule.mask in ("null", "constant"):
        return 3
    if traits is None:
        return 2
    return 0 if traits.keeps else 1 if traits.reversible else 2


def _parameters(pair: _Pair) -> Change | None:
    """More characters that stay, or fewer days to hide among."""
    if pair.was.mask != pair.now.mask:
        return None
    before, after = pair.old.parsed(pair.was).parameters, pair.new.parsed(pair.now).parameters
    for name, value in after.items():
        other = before.get(name)
        if isinstance(value, int) and isinstance(other, int):
            grown = name.startswith("keep_") and value > other
            if grown or (name == "days" and value < other):
                return pair.change(Category.WEAKER, f"{name}: {other} → {value}")
    return None


def _namespace(pair: _Pair) -> Change | None:
    if pair.was.namespace is not None and pair.now.namespace is None:
        return pair.change(Category.WEAKER, "it can be linked to all columns without a namespace")
    return None


def _invalid(pair: _Pair) -> Change | None:
    if pair.now.on_invalid == "keep" != pair.was.on_invalid:
        return pair.change(Category.WEAKER, "what the mask cannot read is kept")
    return None


_WEAKENINGS: tuple[Callable[[_Pair], Change | None], ...] = (
    _condition,
    _strength,
    _parameters,
    _namespace,
    _invalid,
)


def words(rule: Rule | None) -> str:
    """A rule in one line.

    >>> words(Rule("email", Place("p", 1, 1), {"domain": "example.test"}, by="id"))
    'email (domain: example.test, by: id)'
    """
    if rule is None:
        return "undecided"
    said: Mapping[str, object] = rule.params
    common: dict[str, object] = {"by": rule.by, "when": rule.when, "namespace": rule.namespace}
    common["normalise"] = ", ".join(rule.normalise) or None
    common["on_invalid"] = None if rule.on_invalid == "mask" else rule.on_invalid
    given = [
        f"{key}: {value}" for key, value in (*said.items(), *common.items()) if value is not None
    ]
    return f"{rule.mask} ({', '.join(given)})" if given else rule.mask
