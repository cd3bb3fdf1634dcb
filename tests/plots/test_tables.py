"""Tables: planted scores give known means, ranks, counts and marks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from symhpo.plots import frame_table, save_table, score_table


def records(
    scores: dict[tuple[str, str], list[float]], failed: tuple[tuple[str, str], ...] = ()
) -> pd.DataFrame:
    rows = [
        {"model": model, "dataset": "wine", "method": method, "rmse": value, "status": "ok"}
        for (model, method), values in scores.items()
        for value in values
    ]
    rows += [
        {"model": m, "dataset": "wine", "method": method, "rmse": np.nan, "status": "timeout"}
        for m, method in failed
    ]
    return pd.DataFrame(rows)


PLANTED = records(
    {
        ("lr", "SR (BO)"): [0.2, 0.4],
        ("lr", "SR (Random)"): [0.1, 0.1],
        ("lr", "GP_baseline"): [0.2, 0.2],
        ("svm", "SR (BO)"): [0.5],
        ("svm", "SR (Random)"): [0.3, 0.3],
        ("svm", "GP_baseline"): [0.1, 0.2, 0.3],
    },
    failed=(("lr", "SR (BO)"),),
)


def make(data: pd.DataFrame = PLANTED, **options: object):
    defaults = {"rows": ["model", "dataset"], "columns": "method", "value": "rmse", "title": "RMSE"}
    return score_table(data, **(defaults | {"order": ["SR (BO)", "SR (Random)"]} | options))


def test_means_deviations_counts_and_failures():
    table = make()
    assert table.header == ("model", "dataset", "SR (BO)", "SR (Random)", "GP_baseline")
    bo = table.rows[0][2]
    assert (bo.mean, bo.n, bo.failed) == (pytest.approx(0.3), 2, 1)
    assert bo.std == pytest.approx(np.std([0.2, 0.4], ddof=1))
    assert bo.text == "0.300 ± 0.141"
    assert table.rows[1][2].text == "0.500"  # one run has no deviation


def test_best_and_second_are_marked_in_every_row_and_on_average():
    ranks = [[cell.rank for cell in row[2:]] for row in make().rows]
    assert ranks == [[0, 1, 2], [0, 2, 1], [2, 1, 1]]


def test_average_is_over_the_rows_that_are_complete():
    data = pd.concat([PLANTED, records({("nn", "SR (BO)"): [9.0]})])
    average = make(data).rows[-1]
    assert average[0].text == "Average"
    assert [cell.mean for cell in average[2:]] == pytest.approx([0.4, 0.2, 0.2])
    assert [cell.n for cell in average[2:]] == [2, 2, 2]
    assert [cell.rank for cell in average[2:]] == [2, 1, 1]


def test_higher_is_better_turns_the_ranks_round():
    assert [cell.rank for cell in make(lower_is_better=False).rows[0][2:]] == [1, 0, 2]


def test_scores_that_print_alike_have_their_own_ranks():
    data = records({("lr", "a"): [0.10002], ("lr", "b"): [0.10001], ("lr", "c"): [0.2]})
    assert [cell.rank for cell in make(data, order=()).rows[0][2:]] == [2, 1, 0]


def test_equal_scores_share_their_rank():
    data = records({("lr", "a"): [0.1, 0.2, 0.3], ("lr", "b"): [0.2], ("lr", "c"): [0.3]})
    assert [cell.rank for cell in make(data, order=()).rows[0][2:]] == [1, 1, 2]


def test_what_is_neither_good_nor_bad_is_not_marked():
    table = make(lower_is_better=None)
    assert {cell.rank for row in table.rows for cell in row} == {0}
    assert "marked" not in table.title


def test_deviation_over_seeds_whose_runs_are_averaged_first():
    data = records({("lr", "a"): [0.1, 0.3, 0.4, 0.4, 0.4, 0.4]}).assign(seed=[0, 0, 3, 3, 3, 3])
    table = make(data, order=(), unit="seed")
    cell = table.rows[0][2]
    assert (cell.mean, cell.n) == (pytest.approx(0.3), 6)
    assert cell.std == pytest.approx(np.std([0.2, 0.4], ddof=1))
    assert "over the means of each seed" in table.title


def test_a_formula_that_is_not_finite_is_never_the_best():
    data = records({("lr", "a"): [np.inf, 0.1], ("lr", "b"): [0.3]})
    cells = make(data, order=()).rows[0][2:]
    assert [cell.text for cell in cells] == ["∞", "0.300"]
    assert [cell.rank for cell in cells] == [0, 1]


def test_a_cell_without_a_run_that_ended_well_says_so():
    data = pd.concat([PLANTED, records({}, failed=(("nn", "SR (BO)"),))])
    cell = next(row for row in make(data).rows if row[0].text == "nn")[2]
    assert (cell.text, cell.n, cell.failed, cell.rank) == ("–", 0, 1, 0)


def test_formats_carry_the_marks_the_counts_and_the_failures():
    table = make()
    text, markdown, latex = table.to_text(), table.to_markdown(), table.to_latex()
    assert "0.100 ± 0.000* (2)" in text
    assert "0.300 ± 0.141  (2, 1 failed)" in text
    assert "**0.100 ± 0.000** (2)" in markdown
    assert "<u>0.200 ± 0.000</u> (2)" in markdown
    assert r"\textbf{0.100 $\pm$ 0.000}" in latex
    assert r"\underline{0.200 $\pm$ 0.000}" in latex
    assert r"GP\_baseline" in latex
    assert latex.index(r"\midrule", latex.index(r"\midrule") + 1) < latex.index("Average")


def test_markdown_has_one_line_a_row_with_as_many_cells_as_the_header():
    lines = make().to_markdown().splitlines()[2:]
    assert len(lines) == 2 + 3
    assert {line.replace(r"\|", "").count("|") for line in lines} == {6}


def test_frame_has_unrounded_numbers():
    frame = make().to_frame()
    assert list(frame.columns[2:6]) == [f"SR (BO) {part}" for part in ("mean", "std", "n", "failed")]
    assert frame["SR (BO) std"][0] == np.std([0.2, 0.4], ddof=1)


def test_saved_as_csv_markdown_and_latex(tmp_path: Path):
    table = make()
    csv, markdown, latex = save_table(table, tmp_path / "tables" / "faithfulness")
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == [
        "faithfulness.csv",
        "faithfulness.md",
        "faithfulness.tex",
    ]
    assert pd.read_csv(csv)["GP_baseline mean"].tolist() == pytest.approx([0.2, 0.2, 0.2])
    assert markdown.read_text(encoding="utf-8") == table.to_markdown()
    assert latex.read_text(encoding="utf-8") == table.to_latex()


def test_a_frame_as_it_is():
    table = frame_table(pd.DataFrame({"a": ["x|y"], "b": [0.123456], "c": [np.nan], "n": [12345]}), title="T")
    assert [cell.text for cell in table.rows[0]] == ["x|y", "0.123", "–", "12345"]
    assert r"x\|y" in table.to_markdown()
    assert not table.average
