"""Every exported form has the formula's values."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from latex_reader import from_latex

from symhpo.errors import UserError
from symhpo.formula import Formula
from symhpo.formula import export as export_module
from symhpo.formula.export import export, from_json, to_json, to_python

NAMES = ("C", "E", "min_samples_split")
X = np.random.default_rng(0).uniform(0.001, 3.0, (50, 3))
X[:5] = 0.0005

TEXTS = [
    "0.5",
    "C",
    "0.123456789012345678 - 2.5e-05*log10(C)",
    "Max(0.25, 0.1*C, -E) - Min(C, E**2)/min_samples_split",
    "Piecewise((log(Abs(C - E))/sqrt(C), (Abs(C - E) > 0.001) & (C > 0.01)), (1/3, E <= 1), (0, True))",
    "-(C + E)*exp(-C)/(1 + E**2)**(1/2) + tanh(C)",
    "floor(C) + ceiling(E) + sign(C - 1) + pi*C**E",
    "1/(C*E)/3 - 1/3*C",
    "asin(C/3) + atan(E) + cosh(C) + log2(C) + sin(E)*cos(E)*tan(C)",
    "Piecewise((C, ~(C > 1)), (E, (C >= 2) | (E < 1)), (2, True))",
]


@pytest.mark.parametrize("text", TEXTS)
def test_every_form_has_the_values(text: str, tmp_path: Path) -> None:
    formula = Formula.parse(text, NAMES)
    forms = export(formula, X)
    expected = formula.evaluate(X)
    np.testing.assert_array_equal(Formula.parse(forms.text, NAMES).evaluate(X), expected)
    np.testing.assert_array_equal(from_json(json.loads(forms.json)).evaluate(X), expected)
    np.testing.assert_allclose(
        from_latex(forms.latex, NAMES).evaluate(X), expected, atol=1e-3 * max(np.ptp(expected), 0.5)
    )
    files = forms.save(tmp_path / "formula.best")
    assert [file.name for file in files] == [
        f"formula.best.{suffix}" for suffix in ("txt", "tex", "py", "json")
    ]
    assert files[0].read_text() == formula.text + "\n"


@pytest.mark.parametrize("text", TEXTS)
def test_the_python_function_stands_alone(text: str, tmp_path: Path) -> None:
    formula = Formula.parse(text, NAMES)
    source = to_python(formula, "loss")
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [ast.unparse(node) for node in imports] == ["import numpy as np"]
    (tmp_path / "loss.py").write_text(source)
    point = X[7].tolist()
    code = f"import loss; print(float(loss.loss(*{point})).hex(), 'symhpo' in __import__('sys').modules)"
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.split()
    assert float.fromhex(output[0]) == pytest.approx(formula.evaluate([point])[0], rel=1e-12)
    assert output[1] == "False"


def test_python_names_for_names_that_no_argument_can_have() -> None:
    names = ("svm:C", "svm_C", "lambda", "np", "2nd")
    formula = Formula.parse("Symbol('svm:C') - svm_C*Symbol('lambda') + np/Symbol('2nd')", names)
    source = to_python(formula)
    function = next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    arguments = [argument.arg for argument in function.args.args]
    assert arguments[0] == "svm_C"
    assert len(set(arguments)) == 5
    assert export(formula, np.full((2, 5), 3.0)).python == source


def test_latex() -> None:
    def latex(text: str) -> str:
        return Formula.parse(text, NAMES).latex

    assert (
        latex("0.123456*C + min_samples_split") == r"0.1235 \cdot \mathrm{C} + \mathrm{min\_samples\_split}"
    )
    assert latex("C/E") == r"\frac{\mathrm{C}}{\mathrm{E}}"
    assert latex("2.5e-05*C") == r"2.5 \cdot 10^{-5} \cdot \mathrm{C}"
    assert latex("log10(C)") == r"\log_{10}\left(\mathrm{C}\right)"


def test_latex_gets_the_digits_that_the_values_need() -> None:
    formula = Formula.parse("1000000.123 - 1000000*C/C + 0.001*C", NAMES)
    assert "1000000.123" in export(formula, X).latex
    assert "1000000.123" not in formula.latex


def test_a_form_with_other_values_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    other = to_json(Formula.parse("0.6*C", NAMES))
    monkeypatch.setattr(export_module, "to_json", lambda *_: other)
    with pytest.raises(RuntimeError, match="JSON form differs"):
        export(Formula.parse("0.5*C", NAMES), X)


def test_json_that_is_no_formula() -> None:
    with pytest.raises(UserError, match="hyperparameters"):
        from_json({"formula": "C"})
    with pytest.raises(UserError, match="no hyperparameter"):
        from_json({"formula": "C", "hyperparameters": ["gamma"]})


def test_json_tells_the_measures() -> None:
    data = to_json(Formula.parse("0.5*log10(C)", NAMES))
    assert (data["nodes"], data["operations"], data["depth"]) == (4, 2, 2)
    assert json.loads(json.dumps(data)) == data


def values_of(source: str, *arguments: object, name: str = "cost") -> object:
    """Run an exported function as its owner would, here in the test alone."""
    namespace: dict[str, object] = {}
    exec(source, namespace)
    function = namespace[name]
    assert callable(function)
    return function(*arguments)


@pytest.mark.parametrize("text", TEXTS)
def test_the_python_function_has_the_values(text: str) -> None:
    formula = Formula.parse(text, NAMES)
    values = values_of(to_python(formula), *X.T)
    np.testing.assert_allclose(values, formula.evaluate(X), rtol=1e-9)  # type: ignore[call-overload]


CODE = 'x"""\n    open("ran", "w").close()\n    """'


@settings(max_examples=60)
@given(
    st.text(min_size=1, max_size=200).filter(lambda name: name.strip() != "")
    | st.sampled_from([CODE, "a\\", "it's", "exp", "cost", "np", "a,b", "ﬁ", "fi", "None", "x" * 200, "{0}"])
)
def test_no_name_breaks_or_runs_anything(name: str) -> None:
    names = (name, "C")
    symbol = f"Symbol({name!r})"
    formula = Formula.parse(f"0.5*{symbol} + C" if name != "C" else "0.5*C + C", tuple(dict.fromkeys(names)))
    forms = export(formula, np.ones((3, len(formula.hyperparameters))))
    tree = ast.parse(forms.python)
    assert [type(node) for node in tree.body] == [ast.Import, ast.FunctionDef]
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert all(call.startswith("np.") for call in calls)
    assert values_of(forms.python, *[2.0] * len(formula.hyperparameters)) == formula.evaluate(
        np.full((1, len(formula.hyperparameters)), 2.0)
    )


def test_nothing_of_the_library_is_executed_while_exporting(monkeypatch: pytest.MonkeyPatch) -> None:
    formula = Formula.parse(TEXTS[4], NAMES)

    def refuse(*_: object) -> None:
        raise AssertionError("executed")

    monkeypatch.setattr("builtins.exec", refuse)
    monkeypatch.setattr("builtins.eval", refuse)
    assert export(formula, X).python


def test_choices_are_written_by_their_names(tmp_path: Path) -> None:
    formula = Formula.parse("Piecewise((0.25, Eq(kernel, 1)), (C, True))", ("C", "kernel"))
    points = np.array([[0.5, 0.0], [0.75, 1.0]])
    forms = export(formula, points, choices={"kernel": ["rbf", 'poly"x']})
    assert r'\mathrm{kernel} = \mathrm{poly"x}' in forms.latex
    values = values_of(forms.python, np.array([0.5, 0.75]), np.array(["rbf", 'poly"x']))
    np.testing.assert_array_equal(values, [0.5, 0.25])  # type: ignore[arg-type]
    assert json.loads(forms.json)["choices"] == {"kernel": ["rbf", 'poly"x']}
    assert {file.suffix for file in forms.save(tmp_path / "formula")} == {".txt", ".tex", ".py", ".json"}
