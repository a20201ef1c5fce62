"""Tests a report's claims: an inequality over rows, paired by seed, by Student's t.

An expression is one comparison, or several joined by `and`, of arithmetic over columns:

    loss[3] > loss[2]                         rows by name; by number where the name is one
    fid["ddim"] < 1.1 * fid["ddpm"]
    accuracy[2] > max(accuracy[1], accuracy[3])
    rank_correlation(accuracy, fid) < 0       over all rows: Spearman's
    deviation(fid["vae"]) < deviation(fid["gan"])    how far a seed's number is from the mean of all seeds
    zero_distance > mean_distance             with every_row: holds in each row, which is not named then

For every seed the two sides are computed from that seed's runs alone; the claim is about their mean difference.

Paper: https://doi.org/10.1080/00401706.1982.10487790
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from genlab.errors import ConfigError, nearest
from genlab.reports.studies.study import Claim

LEVEL = 0.05
MIN_SEEDS = 3
STATISTIC = f"Student's t over paired differences, {1 - LEVEL:.0%} interval"

Values = Mapping[str, Mapping[str, Mapping[int, float]]]
"""column -> row -> seed -> number."""


@dataclass(frozen=True)
class Verdict:
    """The result of the test of a claim."""

    id: str
    text: str
    verdict: str
    """ "reproduced", "refuted" or "undecided"."""
    expression: str | None = None
    parts: tuple[dict[str, Any], ...] = ()
    """One for each comparison: {"expression", "difference", "low", "high", "n"}: the left side less the right."""
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"parts": list(self.parts)}


class _Missing(Exception):
    """A number that the claim needs is not there; the text says which."""


def judge(
    claim: Claim, values: Values, rows: Sequence[str], measured: Mapping[str, Mapping[str, Any]] | None = None
) -> Verdict:  # fmt: skip
    """Test a claim on the numbers of a study.

    Args:
        values: what the runs gave.
        rows: the names of all rows.
        measured: column -> row -> how its number was measured; those of a claim must be measured alike.

    Raises:
        ConfigError: the expression is none of the above.
    """
    if claim.expression is None:
        return Verdict(claim.id, claim.text, "undecided", why=claim.why_not or "no test was written for it")
    tree = parse(claim.expression, list(values), rows, claim)
    ways: dict[str, set[Any]] = {}
    for column, row in _cells(tree, None, values, rows):
        of_rows = (measured or {}).get(column, {})
        ways.setdefault(column, set()).update([of_rows[row]] if row in of_rows else [])
    if apart := sorted(column for column, of in ways.items() if len(of) > 1):
        why = f"{apart[0]}: its rows were not measured alike"
        return Verdict(claim.id, claim.text, "undecided", claim.expression, why=why)
    comparisons = tree.values if isinstance(tree, ast.BoolOp) else [tree]
    cases = [(c, row) for c in comparisons for row in (rows if claim.every_row else [None])]
    try:
        parts = [_test(c, row, values, rows, len(cases)) for c, row in cases if isinstance(c, ast.Compare)]
    except _Missing as missing:
        return Verdict(claim.id, claim.text, "undecided", claim.expression, why=str(missing))
    return _together(claim, parts)


def _together(claim: Claim, parts: list[tuple[str, dict[str, Any]]]) -> Verdict:
    """All parts must hold, each at the level (Berger 1982); one that fails at its share of the level refutes."""
    verdicts = {verdict for verdict, _ in parts}
    verdict = "refuted" if "refuted" in verdicts else "undecided" if "undecided" in verdicts else "reproduced"
    n = min(part["n"] for _, part in parts)
    why = ""
    if n < MIN_SEEDS:
        verdict, why = "undecided", f"{n} seed{'s' * (n != 1)}: {MIN_SEEDS} are needed"
    elif verdict == "undecided":
        why = "the interval of the difference holds zero"
    return Verdict(claim.id, claim.text, verdict, claim.expression, tuple(part for _, part in parts), why)


def _test(
    comparison: ast.Compare, row: str | None, values: Values, rows: Sequence[str], parts: int
) -> tuple[str, dict[str, Any]]:
    sides = (comparison.left, comparison.comparators[0])
    seeds = _seeds(comparison, row, values, rows)
    pairs = [[_number(side, row, seed, values, rows) for side in sides] for seed in seeds]
    differences = [left - right for left, right in pairs]
    sign = -1 if isinstance(comparison.ops[0], ast.Lt | ast.LtE) else 1
    low, high = interval(differences, LEVEL)
    text = ast.unparse(comparison) + (f" in row {row}" if row is not None else "")
    part = {"expression": text, "difference": math.fsum(differences) / len(differences), "low": low, "high": high,
            "n": len(seeds)}  # fmt: skip
    met = isinstance(comparison.ops[0], ast.LtE | ast.GtE) and all(d == 0 for d in differences)
    if met or _beyond(low, high, sign):
        return "reproduced", part
    return ("refuted" if _beyond(*interval(differences, LEVEL / parts), -sign) else "undecided"), part


def _beyond(low: float, high: float, sign: int) -> bool:
    """Whether the whole interval lies on that side of zero."""
    return high < 0 if sign < 0 else low > 0


def interval(differences: Sequence[float], level: float) -> tuple[float, float]:
    """The 1 - level interval of the mean by Student's t; without bounds for a single number."""
    n = len(differences)
    if n < 2:
        return -math.inf, math.inf
    from scipy.stats import t

    mean = math.fsum(differences) / n
    deviation = math.sqrt(math.fsum((d - mean) ** 2 for d in differences) / (n - 1))
    half = float(t.ppf(1 - level / 2, n - 1)) * deviation / math.sqrt(n)
    return mean - half, mean + half


def parse(expression: str, columns: Sequence[str], rows: Sequence[str], claim: Claim) -> ast.expr:
    """The syntax tree of an expression that is nothing but comparisons of arithmetic over columns."""
    where = f"claim {claim.id!r}: {expression!r}"
    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError as error:
        raise ConfigError(f"{where} is no expression: {error.msg}") from error
    comparisons = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    for comparison in comparisons:
        if not isinstance(comparison, ast.Compare) or len(comparison.ops) != 1 or not isinstance(
            comparison.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE
        ):  # fmt: skip
            raise ConfigError(f"{where} must be one comparison by <, <=, > or >=, or several joined by and")
    for node in ast.walk(tree):
        _allowed(node, columns, rows, where)
    return tree


_NODES = (ast.BoolOp, ast.And, ast.Compare, ast.cmpop, ast.BinOp, ast.operator, ast.UnaryOp, ast.USub, ast.Name,
          ast.Load, ast.Constant, ast.Subscript, ast.Call)  # fmt: skip


def _allowed(node: ast.AST, columns: Sequence[str], rows: Sequence[str], where: str) -> None:
    if not isinstance(node, _NODES):
        raise ConfigError(f"{where}: {type(node).__name__} has no meaning in a claim")
    if isinstance(node, ast.Name) and node.id not in columns and node.id not in _FUNCTIONS:
        raise ConfigError(f"{where}: there is no column {node.id!r}{nearest(node.id, [*columns, *_FUNCTIONS])}")
    if isinstance(node, ast.Subscript) and _key(node) not in rows:
        raise ConfigError(f"{where}: there is no row {_key(node)}{nearest(_key(node), rows)}")


def _key(node: ast.Subscript) -> str:
    return str(node.slice.value) if isinstance(node.slice, ast.Constant) else ast.unparse(node.slice)


def _cells(tree: ast.expr, row: str | None, values: Values, rows: Sequence[str]) -> list[tuple[str, str]]:
    """The columns with their rows that an expression is made of; `row` is that of columns without one, None for all."""
    cells: list[tuple[str, str]] = []
    indexed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Subscript)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            cells.append((node.value.id, _key(node)))
        elif isinstance(node, ast.Name) and node.id in values and id(node) not in indexed:
            cells += [(node.id, r) for r in ([row] if row is not None else rows)]
    return cells


def _seeds(tree: ast.expr, row: str | None, values: Values, rows: Sequence[str]) -> list[int]:
    """The seeds that every number of the comparison has."""
    shared: set[int] | None = None
    for column, name in _cells(tree, row, values, rows):
        have = set(values[column].get(name) or {})
        if not have:
            raise _Missing(f"row {name} has no {column}")
        shared = have if shared is None else shared & have
    if not shared:
        raise _Missing("the rows share no seed")
    return sorted(shared)


def _number(node: ast.expr, row: str | None, seed: int, values: Values, rows: Sequence[str]) -> float:
    """The value of one side of a comparison for one seed."""

    def inner(child: ast.expr) -> float:
        return _number(child, row, seed, values, rows)

    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Subscript(value=ast.Name(id=column)):
            return values[column][_key(node)][seed]
        case ast.Name(id=column) if row is not None:
            return values[column][row][seed]
        case ast.UnaryOp(operand=operand):
            return -inner(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return _ARITHMETIC[type(op)](inner(left), inner(right))
        case ast.Call(func=ast.Name(id="rank_correlation"), args=[ast.Name(id=a), ast.Name(id=b)]):
            return rank_correlation([values[a][r][seed] for r in rows], [values[b][r][seed] for r in rows])
        case ast.Call(func=ast.Name(id="deviation"), args=[ast.Subscript(value=ast.Name(id=column)) as cell]):
            return deviation(values[column][_key(cell)], seed)
        case ast.Call(func=ast.Name(id="min" | "max" | "abs" as name), args=arguments):
            return float(_FUNCTIONS[name](*map(inner, arguments)))
    raise ConfigError(f"{ast.unparse(node)!r} has no meaning in a claim")


def deviation(of_seeds: Mapping[int, float], seed: int) -> float:
    """How far the number of one seed is from the mean of all."""
    return abs(of_seeds[seed] - math.fsum(of_seeds.values()) / len(of_seeds))


def rank_correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Spearman's rank correlation."""
    from scipy.stats import spearmanr

    return float(spearmanr(a, b).statistic)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min, "max": max, "abs": abs, "rank_correlation": rank_correlation, "deviation": deviation,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b if b else math.nan,
}  # fmt: skip
