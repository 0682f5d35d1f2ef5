"""Carrying: the queries of include/sql, written for PostgreSQL, as Spark SQL. There is no second copy of any.

sqlglot knows both dialects. What it is not told by them: that our views have no schema, that a join's result is kept
by us and not by an insert, and that texts are ordered by their bytes anyway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import sqlglot
from sqlglot import exp

_PARAMETER = re.compile(r"%\((\w+)\)s")


def to_spark(text: str, parameters: Mapping[str, int] | None = None) -> str:
    """A query, or the query of an `insert`, of PostgreSQL as Spark SQL.

    Takes   parameters  numbers in the place of the query's %(name)s

    >>> to_spark('insert into matching.a (b) select b from staging.c where d <= %(e)s on conflict do nothing', {"e": 3})
    'SELECT b FROM staging_c AS c WHERE d <= 3'
    """
    numbers = parameters or {}
    statement = sqlglot.parse_one(_PARAMETER.sub(lambda name: str(int(numbers[name[1]])), text), read="postgres")
    query = _query_of(statement)
    query.set("order", None)
    return query.transform(_carried).sql("spark", comments=False)


def view_of(schema: str, table: str) -> str:
    """The name of the view that stands for a table in Spark.

    >>> view_of("matching", "imdb_title_key")
    'matching_imdb_title_key'
    """
    return f"{schema}_{table}"


def _query_of(statement: exp.Expression) -> exp.Expression:
    if not isinstance(statement, exp.Insert):
        return statement
    query = statement.expression
    parts = statement.args.get("with_") or statement.args.get("with")
    if parts is not None and query.args.get("with_") is None:
        query.set("with_" if "with_" in query.arg_types else "with", parts)
    return query


def _carried(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Table) and node.db:
        named = exp.to_table(view_of(node.db, node.name))
        return exp.alias_(named, node.alias or node.name, table=True)
    # How often a part is evaluated, and by which way rows are found, is the planner's affair there.
    if isinstance(node, exp.CTE):
        node.set("materialized", None)
    if isinstance(node, exp.Select):
        node.set("offset", None)
    # collate "C" is how Spark compares texts unless told otherwise.
    return node.this if isinstance(node, exp.Collate) else node
