"""The paper, regenerated: notebooks are executed and their tables and figures shown on one page.

A notebook opens a `Report`, reads its results and hands it every table and figure:

>>> report = Report.open("faithfulness")
>>> records = report.results.main_study(report.results.size)
>>> report.table("rmse", score_table(records, ...), records=records)

`execute` runs a notebook, `write_index` shows what all of them have left.
"""

from symhpo.paper.index import write_index
from symhpo.paper.notebooks import Outcome, execute, find_notebooks
from symhpo.paper.report import Report

__all__ = ["Outcome", "Report", "execute", "find_notebooks", "write_index"]
