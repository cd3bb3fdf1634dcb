"""Figures: the look is the style file's, files are whole and repeat byte for byte."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

from symhpo.plots import save, style
from symhpo.plots.style import new_figure


def drawing():
    with style():
        figure = new_figure(3, 2)
        figure.subplots().plot([1, 2], [3, 4])
    return figure


def test_style_holds_inside_only():
    before = dict(mpl.rcParams)
    with style():
        assert mpl.rcParams["pdf.fonttype"] == 42
        assert mpl.rcParams["savefig.dpi"] == 300
    assert dict(mpl.rcParams) == before


def test_pdf_and_png_beside_each_other(tmp_path: Path):
    pdf, png = save(drawing(), tmp_path / "figures" / "curve.v2")
    assert pdf.read_bytes().startswith(b"%PDF")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in pdf.parent.iterdir()) == ["curve.v2.pdf", "curve.v2.png"]


def test_the_same_figure_gives_the_same_bytes(tmp_path: Path):
    first, second = save(drawing(), tmp_path / "a"), save(drawing(), tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_figures_leave_no_global_state():
    drawing()
    assert plt.get_fignums() == []
