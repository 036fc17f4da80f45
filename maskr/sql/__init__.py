"""SQL that a user writes: the predicates of a policy, and DDL read into a `maskr.model.Schema`.

Knows no database. sqlglot is imported here only, and late.
"""

from maskr.sql.ddl import read_ddl
from maskr.sql.predicate import Predicate, PredicateError, expression, predicate
from maskr.sql.refusals import Problem

__all__ = ["Predicate", "PredicateError", "Problem", "expression", "predicate", "read_ddl"]
