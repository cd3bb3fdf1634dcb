"""Figures and tables from data frames and formulas.

Every function returns a figure or a table; `save` and `save_table` keep it.
"""

from symhpo.plots.bias import sampling_bias
from symhpo.plots.complexity import complexity
from symhpo.plots.curves import learning_curves, ratio_over_size
from symhpo.plots.errors import error_split
from symhpo.plots.fronts import fronts_overview, trade_off_curves
from symhpo.plots.landscape import landscapes
from symhpo.plots.methods import method, methods
from symhpo.plots.pairs import pairs
from symhpo.plots.quality import quality
from symhpo.plots.ranks import critical_difference
from symhpo.plots.stability import stability
from symhpo.plots.style import save, style
from symhpo.plots.tables import Table, frame_table, save_table, score_table

__all__ = [
    "Table",
    "complexity",
    "critical_difference",
    "error_split",
    "frame_table",
    "fronts_overview",
    "landscapes",
    "learning_curves",
    "method",
    "methods",
    "pairs",
    "quality",
    "ratio_over_size",
    "sampling_bias",
    "save",
    "save_table",
    "score_table",
    "stability",
    "style",
    "trade_off_curves",
]
