"""Formulas read back from the LaTeX that this package writes, so that every export can be checked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from symhpo.errors import UserError
from symhpo.formula.formula import Formula

__all__ = ["from_latex"]

_TOKEN = re.compile(
    r"\\left\\lfloor|\\left\\lceil|\\right\\rfloor|\\right\\rceil|\\left.|\\right."
    r"|\\mathrm\{((?:\\.|[^\\}])*)\}|\\(?:text|begin|end|operatorname)\{[^}]*\}|\\log_\{\d+\}"
    r"|\\\\|\\[a-zA-Z]+|\d[\d.]*(?:e[-+]?\d+)?|\s+|."
)
_TRANSLATIONS = {
    r"\left(": "(",
    r"\right)": ")",
    r"\left|": "Abs(",
    r"\right|": ")",
    r"\left\lfloor": "floor(",
    r"\right\rfloor": ")",
    r"\left\lceil": "ceiling(",
    r"\right\rceil": ")",
    r"\sqrt": "sqrt",
    r"\log_{10}": "log10",
    r"\log_{2}": "log2",
    r"\log": "log",
    r"\max": "Max",
    r"\min": "Min",
    r"\arccos": "acos",
    r"\arcsin": "asin",
    r"\arctan": "atan",
    r"\cdot": "*",
    r"\leq": "<=",
    r"\geq": ">=",
    r"\wedge": "&",
    r"\vee": "|",
    r"\neg": "~",
    r"\pi": "pi",
    r"\begin{cases}": "Piecewise((",
    r"\end{cases}": "))",
    r"\\": "), (",
    r"\text{if }": "",
    r"\text{otherwise}": "True",
    "&": ",",
    "^": "**",
    **{rf"\{name}": name for name in ("cos", "cosh", "exp", "sin", "sinh", "tan", "tanh")},
}


def from_latex(latex: str, hyperparameters: Sequence[str]) -> Formula:
    """Read a formula from LaTeX as `Formula.latex` writes it (equations in conditions apart).

    Raises
    ------
    UserError
        If the LaTeX is of another kind.
    """
    parts: list[str] = []
    groups: list[str] = []  # the sorts of the braces that are open
    expected = "group"  # the sort of the next brace
    for match in _TOKEN.finditer(latex):
        token = match[0]
        if token.isspace():
            continue
        if token == r"\frac":
            parts.append("(")
            expected = "numerator"
        elif token == "{":
            parts.append("(")
            groups.append(expected)
            expected = "group"
        elif token == "}":
            sort = groups.pop() if groups else "group"
            parts.append({"numerator": ")/", "denominator": "))"}.get(sort, ")"))
            expected = "denominator" if sort == "numerator" else "group"
        else:
            parts.append(_translate(match))
    return Formula.parse(" ".join(parts), hyperparameters)


def _translate(match: re.Match[str]) -> str:
    token = match[0]
    if token.startswith(r"\mathrm"):
        name = re.sub(r"\\(.)", r"\1", match[1])
        return f"Symbol({name!r})"
    if token.startswith(r"\operatorname"):
        return token[len(r"\operatorname{") : -1]
    if token in _TRANSLATIONS:
        return _TRANSLATIONS[token]
    if token.startswith("\\") or token == "=":
        raise UserError(f"LaTeX {token!r} is not read; give the formula as text")
    return token
