"""Formulas in other forms: LaTeX, a Python function, sympy, JSON.

What a formula is made of may come from a file: it is written here, never compiled or executed.
"""

from __future__ import annotations

import ast
import json
import keyword
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symhpo.errors import UserError
from symhpo.formula.formula import Formula, max_relative_difference

__all__ = ["Export", "export", "from_json", "to_json", "to_python"]

Array = NDArray[np.float64]

# What every form has to keep, relative to the values' magnitude.
TOLERANCE = 1e-9
# Rounded constants in LaTeX may move values by this part of their range.
LATEX_TOLERANCE = 1e-3
ALL_DIGITS = 17


@dataclass(frozen=True)
class Export:
    """A formula in several forms.

    Attributes
    ----------
    text : str
        Standard sympy syntax, all digits.
    latex : str
        Constants with as many digits, four or more, as keep the values within a thousandth of
        their range.
    python : str
        Source of a function that imports numpy alone and takes the choices of a categorical as they are.
    json : str
    sympy : sympy expression
    """

    text: str
    latex: str
    python: str
    json: str
    sympy: Any

    def save(self, path: Path) -> list[Path]:
        """Write the forms beside each other as `path` with .txt, .tex, .py and .json; return the files."""
        forms = {".txt": self.text, ".tex": self.latex, ".py": self.python, ".json": self.json}
        files = []
        for suffix, content in forms.items():
            file = path.with_name(path.name + suffix)
            file.write_text(content.rstrip("\n") + "\n", encoding="utf-8")
            files.append(file)
        return files


def export(
    formula: Formula,
    points: ArrayLike,
    *,
    name: str = "cost",
    choices: Mapping[str, Sequence[Any]] | None = None,
) -> Export:
    """Return a formula in every form, after comparing those that are read back with it on some points.

    Parameters
    ----------
    formula : Formula
    points : array of shape (n, d)
        Configurations on which the forms are compared, such as the landscape's.
    name : str
        Name of the Python function.
    choices : mapping, optional
        The choices of each categorical hyperparameter, whose index stands in the formula.

    Raises
    ------
    RuntimeError
        If a form has other values: a defect.
    """
    X = np.asarray(points, dtype=np.float64)
    named = dict(choices or {})
    forms = Export(
        formula.text,
        _latex(formula, X, named),
        to_python(formula, name, named),
        json.dumps(to_json(formula) | ({"choices": named} if named else {}), indent=1),
        formula.expression,
    )
    values: Mapping[str, Callable[[], Array]] = {
        "text": lambda: Formula.parse(forms.text, formula.hyperparameters).evaluate(X),
        "JSON": lambda: from_json(json.loads(forms.json)).evaluate(X),
    }
    expected = formula.evaluate(X)
    for form, evaluate in values.items():
        difference = max_relative_difference(evaluate(), expected)
        if difference > TOLERANCE:
            raise RuntimeError(f"the {form} form differs by {difference:.2g} relative from {formula}")
    return forms


def to_json(formula: Formula) -> dict[str, Any]:
    """Return a formula as plain JSON data that `from_json` reads."""
    return {
        "formula": formula.text,
        "hyperparameters": list(formula.hyperparameters),
        "latex": formula.latex,
        "nodes": formula.nodes,
        "operations": formula.operations,
        "depth": formula.depth,
    }


def from_json(data: Mapping[str, Any]) -> Formula:
    """Return the formula that `to_json` described.

    Raises
    ------
    UserError
        If the data has no formula or no hyperparameters, or the formula cannot be read.
    """
    try:
        text, names = data["formula"], data["hyperparameters"]
    except KeyError as error:
        raise UserError(f"a formula's JSON lacks {error}; give formula and hyperparameters") from None
    return Formula.parse(text, tuple(names))


def _latex(formula: Formula, X: Array, choices: Mapping[str, Sequence[Any]]) -> str:
    from symhpo.formula.latex import rounded, to_latex

    expected = formula.evaluate(X)
    finite = np.isfinite(expected)
    spread = np.ptp(expected[finite]) if finite.any() else 0.0
    scale = spread or np.max(np.abs(expected[finite]), initial=0.0)
    for digits in range(4, ALL_DIGITS):
        values = Formula(rounded(formula.expression, digits), formula.hyperparameters).evaluate(X)
        if np.array_equal(finite, np.isfinite(values)) and np.all(
            np.abs(values[finite] - expected[finite]) <= LATEX_TOLERANCE * scale
        ):
            return to_latex(formula.expression, digits, choices)
    return to_latex(formula.expression, ALL_DIGITS, choices)


_TEMPLATE = '''import numpy as np


def {name}({parameters}):
    """Predicted cost of hyperparameters in their true units: numbers or arrays.
{renamed}
    {text}
    """
{indices}    {parameters}, = np.broadcast_arrays(*(np.asarray(h, dtype=float) for h in ({parameters},)))
    with np.errstate(all="ignore"):
        value = {body}
    return value + np.zeros({first}.shape)
'''
# A categorical's index in the place of its choice.
_INDEX = "    {name} = np.vectorize({choices}.index, otypes=[float])(np.asarray({name}, dtype=object))\n"


def to_python(
    formula: Formula, name: str = "cost", choices: Mapping[str, Sequence[Any]] | None = None
) -> str:
    """Return the source of a Python function that imports numpy alone.

    Its arguments are the hyperparameters in the formula's order, numbers or arrays, or choices where these
    are given; a name that no argument can have gets underscores, which the docstring says.
    """
    arguments = _argument_names(formula.hyperparameters, taken={"np", "value", "h", name})
    tree = ast.parse(formula.text, mode="eval")
    body = ast.unparse(_ToNumpy(arguments).visit(tree))
    renamed = [f"    {new} is {_quoted(old)}.\n" for old, new in arguments.items() if old != new]
    parameters = list(arguments.values())
    indices = [
        _INDEX.format(name=arguments[h], choices=repr(list(values))) for h, values in (choices or {}).items()
    ]
    return _TEMPLATE.format(
        name=name,
        parameters=", ".join(parameters),
        renamed="\n" + "".join(renamed) if renamed else "",
        text=_quoted(formula.text),
        indices="".join(indices),
        body=body,
        first=parameters[0],
    )


def _quoted(text: str) -> str:
    """Return a text as it can stand within a docstring, on one line and without an end of it."""
    return ascii(text)[1:-1].replace("\\'", "'").replace('"', '\\"')


def _argument_names(hyperparameters: Sequence[str], taken: set[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for hyperparameter in hyperparameters:
        # Python reads an identifier in this normal form.
        name = re.sub(r"\W", "_", unicodedata.normalize("NFKC", hyperparameter))
        name = name if name.isidentifier() else f"_{name}"
        while not name.isidentifier() or keyword.iskeyword(name) or name in taken or name in names.values():
            name += "_"
        names[hyperparameter] = name
    return names


class _ToNumpy(ast.NodeTransformer):
    """Turns the syntax tree of a formula's text into one of numpy calls, operation by operation."""

    _FUNCTIONS: Mapping[str, str] = {
        "Abs": "abs",
        "acos": "arccos",
        "acosh": "arccosh",
        "asin": "arcsin",
        "asinh": "arcsinh",
        "atan": "arctan",
        "atanh": "arctanh",
        "ceiling": "ceil",
        "Eq": "equal",
        "Ne": "not_equal",
    }

    def __init__(self, arguments: Mapping[str, str]) -> None:
        self.arguments = arguments

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.arguments:
            return ast.Name(self.arguments[node.id], ast.Load())
        return _numpy(node.id.lower())

    def visit_Call(self, node: ast.Call) -> ast.expr:
        match node:
            case ast.Call(func=ast.Name(id="Symbol"), args=[ast.Constant(value=str(hyperparameter))]):
                return ast.Name(self.arguments[hyperparameter], ast.Load())
            case ast.Call(func=ast.Name(id="Piecewise"), args=pieces):
                return self._piecewise(pieces)
            case ast.Call(func=ast.Name(id="Min" | "Max" as extremum), args=arguments):
                function = "minimum" if extremum == "Min" else "maximum"
                parts = [self._expression(argument) for argument in arguments]
                return reduce(lambda a, b: _call(function, a, b), parts)
            case ast.Call(func=ast.Name(id=function), args=arguments):
                parts = [self._expression(argument) for argument in arguments]
                return _call(self._FUNCTIONS.get(function, function), *parts)
        raise TypeError(f"not the text of a formula: {ast.unparse(node)}")

    def _expression(self, node: ast.expr) -> ast.expr:
        visited = self.visit(node)
        assert isinstance(visited, ast.expr)
        return visited

    def _piecewise(self, pieces: Sequence[ast.expr]) -> ast.expr:
        result: ast.expr = _numpy("nan")
        for piece in reversed(pieces):
            assert isinstance(piece, ast.Tuple)
            value, condition = (self._expression(part) for part in piece.elts)
            always = isinstance(condition, ast.Constant) and condition.value is True
            result = value if always else _call("where", condition, value, result)
        return result


def _numpy(name: str) -> ast.Attribute:
    return ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load())


def _call(function: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(_numpy(function), list(arguments), [])
