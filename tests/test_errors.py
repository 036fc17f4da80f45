"""What is raised: one wording, one exit code a class, and a copy that survives a process."""

import pickle

import pytest

from maskr import errors
from maskr.errors import Finding, MaskrError, Place, PolicyError, Severity
from maskr.sql import PredicateError, Problem

CLASSES: list[type[MaskrError]] = [
    each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, MaskrError) and each is not PolicyError
]
ERROR = Finding("wrong-kind", "it is wrong", "mend it", Place("p.yaml", 2, 3))
WARNING = Finding("weak", "it is weak", "", None, Severity.WARNING, "public.t.c")


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_says_where_what_and_what_to_do(kind: type[MaskrError]) -> None:
    assert str(kind("table t", "it is full", "make room")) == (
        f"table t: it is full; make room [{kind.code}]"
    )
    assert str(kind("table t", "it is full")) == f"table t: it is full [{kind.code}]"


@pytest.mark.parametrize(
    "error",
    [
        *(kind("table t", "it is full", "make room") for kind in CLASSES),
        PolicyError((ERROR, WARNING), {"p.yaml": "version: 1"}),
        PredicateError((Problem("unsafe-predicate", "it is a sub-select", "write it out", 4),)),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_back_whole_from_another_process(error: MaskrError) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)


def test_the_classes_have_the_exit_codes_that_the_manual_promises() -> None:
    kinds: list[type[MaskrError]] = [*CLASSES, PolicyError]
    codes = {kind.code: kind.exit_code for kind in kinds}
    assert codes == {
        "bug": 70,
        "usage": 2,
        "data": 65,
        "unavailable": 69,
        "try-again": 75,
        "refused": 77,
        "key": 78,
        "policy": 78,
    }


def test_a_policy_error_counts_its_errors_and_names_the_first_place() -> None:
    assert (
        str(PolicyError((ERROR, ERROR, WARNING))) == "p.yaml:2:3: 2 errors in the policy [policy]"
    )
    assert str(PolicyError((ERROR,))) == "p.yaml:2:3: 1 error in the policy [policy]"


def test_a_finding_without_a_place_is_named_by_its_subject() -> None:
    assert PolicyError((WARNING,)).where == "public.t.c"
    assert str(WARNING) == "warning[weak] it is weak"


def test_places_are_in_the_order_of_the_text() -> None:
    assert sorted([Place("a", 10, 1), Place("a", 9, 30), Place("a", 9, 4)])[0] == Place("a", 9, 4)
