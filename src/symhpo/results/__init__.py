"""A study's collected results: a folder of small tables that everything in ``analysis/`` reads.

>>> results = Results.open(Path("results/study"))
>>> results.records.groupby(["cell", "method"])["nrmse"].median()

The folder holds

``records.parquet``
    All records (columns of `symhpo.store.COLUMNS` but ``front``), one row for each run, size,
    regressor and regressor seed; failed ones too.
``cells.json``
    One object a cell: ``model``, ``dataset``, ``protocol``, ``hyperparameters`` (names, separated by
    commas) and ``space`` (as `Space.to_json` gives it). These four name the cell in every table.
``landscapes.parquet``
    The true landscapes: the cell, ``point`` (its number), ``x1``, ``x2``, … (the configuration in true
    units, in the order of the space; missing beyond the cell's own number), ``cost``, ``std`` over the
    repeats and ``repeats``.
``predictions.parquet``
    What models predict on the landscape, at the study's main size only: the cell, ``run_id``,
    ``strategy``, ``seed``, ``n_samples``, ``regressor``, ``regressor_seed``, ``point``, ``prediction``.
``training_sets.parquet``
    What the regressions saw, at the main size only: the cell, ``run_id``, ``strategy``, ``seed``,
    ``n_samples``, ``x1``, ``x2``, …, ``cost``; for ``bo`` and ``random`` in the order of evaluation.
``fronts.parquet``
    Every formula of the fronts, at the main size only: the cell, ``run_id``, ``strategy``, ``seed``,
    ``n_samples``, ``regressor``, ``regressor_seed``, ``nodes``, ``formula``, ``rmse_train`` and, on the
    landscape, ``rmse`` and ``nrmse``.
``runs.parquet``
    How each run was made: ``run_id``, ``overrides`` (a JSON list that gives it again), ``git_sha``,
    ``git_dirty``, ``symhpo`` (version), ``started``, ``wall_seconds``, ``cpu_seconds``,
    ``peak_memory_bytes``.
``provenance.json``
    Main ``size``; how many runs are done, failed and missing; for each ``experiment`` its command and its
    number of runs, records and failures; code versions, packages, machines and CPU hours behind it all.

All but the records, the cells and the provenance may be absent: what needs them then says so.
"""

from symhpo.results.compare import compare
from symhpo.results.export import export
from symhpo.results.reader import CellLandscape, MissingResultsError, Results

__all__ = ["CellLandscape", "MissingResultsError", "Results", "compare", "export"]
