"""Scores of predictions against true costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["scores"]


def scores(cost: ArrayLike, prediction: ArrayLike) -> dict[str, float]:
    """Score predictions of any kind against true costs.

    Parameters
    ----------
    cost, prediction : array of shape (n,)
        Points whose cost is NaN (failed evaluations) are left out.

    Returns
    -------
    dict
        ``rmse``, ``mae``, ``r2``, ``kendall_tau`` (tau-b) and ``nrmse`` (RMSE divided by the
        standard deviation of the cost, so that the mean as prediction scores 1). A score that
        is not defined, such as any relative one on a constant cost, is NaN; a prediction that
        is not finite makes the errors infinite.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    y, p = np.asarray(cost, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    if y.ndim != 1 or y.shape != p.shape:
        raise ValueError(f"costs of shape {y.shape} and predictions of shape {p.shape} do not match")
    y, p = y[~np.isnan(y)], p[~np.isnan(y)]
    if len(y) == 0:
        return dict.fromkeys(("rmse", "mae", "r2", "kendall_tau", "nrmse"), np.nan)
    if not np.isfinite(p).all():
        return {"rmse": np.inf, "mae": np.inf, "r2": -np.inf, "kendall_tau": np.nan, "nrmse": np.inf}
    rmse = float(np.sqrt(np.mean((y - p) ** 2)))
    spread = float(np.std(y)) if np.ptp(y) > 0 else 0.0
    return {
        "rmse": rmse,
        "mae": float(np.mean(np.abs(y - p))),
        "r2": 1.0 - (rmse / spread) ** 2 if spread > 0 else np.nan,
        "kendall_tau": _kendall_tau(y, p),
        "nrmse": rmse / spread if spread > 0 else np.nan,
    }


def _kendall_tau(y: np.ndarray, p: np.ndarray) -> float:
    if len(y) < 2 or np.ptp(y) == 0 or np.ptp(p) == 0:
        return float("nan")
    from scipy.stats import kendalltau

    return float(kendalltau(y, p).statistic)
