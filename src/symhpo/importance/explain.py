"""From a surrogate of many hyperparameters to formulas on the few that matter, and what is lost by that."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symhpo.errors import UserError
from symhpo.evaluation import scores
from symhpo.importance.base import Importance, ImportanceMethod, from_surrogate
from symhpo.importance.partial_dependence import (
    PartialDependence,
    draw_configurations,
    partial_dependence,
    with_values,
)
from symhpo.importance.selection import Choice, top_hyperparameters
from symhpo.objectives.landscape import Landscape
from symhpo.regression.base import Front, Member, Regressor, Selection, TrainingSet
from symhpo.regression.mixed import MixedRegressor, legend
from symhpo.regression.selection import AtMost
from symhpo.sampling.surrogate import Surrogate
from symhpo.seeds import generator
from symhpo.seeds import seed as named_seed
from symhpo.space import Space

__all__ = ["Explanation", "Settings", "explain", "over_all_draws", "score"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """How many hyperparameters are kept and how finely the rest is integrated out.

    Attributes
    ----------
    share : float
        Of the variance that the chosen hyperparameters shall explain; see `top_hyperparameters`.
    at_most : int
        Largest number of hyperparameters in a formula of the partial dependence.
    whole_at_most : int
        Largest number in a formula of the surrogate itself, which takes all that matter.
    n_points : int
        Configurations that a formula is fitted to.
    n_scoring_points : int
        Other values of the chosen hyperparameters, for scoring.
    n_draws : int
        Draws of the hyperparameters that are integrated out.
    true_points, true_draws : int
        The first of the scoring points and of the draws, so many at most, at which the objective
        itself is evaluated; 0 leaves its partial dependence out.
    """

    share: float = 0.9
    at_most: int = 4
    whole_at_most: int = 6
    n_points: int = 400
    n_scoring_points: int = 200
    n_draws: int = 1000
    true_points: int = 30
    true_draws: int = 24

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise UserError(f"explanation.share is {self.share}; set it to a number in (0, 1]")
        for name in ("at_most", "whole_at_most", "n_points", "n_scoring_points", "n_draws"):
            if getattr(self, name) < 1:
                raise UserError(f"explanation.{name} is {getattr(self, name)}; set it to 1 or more")
        for name in ("true_points", "true_draws"):
            if getattr(self, name) < 0:
                raise UserError(f"explanation.{name} is {getattr(self, name)}; set it to 0 or more")


# What a whole formula's hyperparameters explain at least, if their number allows.
WHOLE_SHARE = 0.99


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a surrogate says of the hyperparameters that matter.

    Attributes
    ----------
    surrogate : Surrogate
    n_evaluations : int
        Trials behind it.
    importance : Importance
    choice, whole_choice : Choice
        The hyperparameters of the partial dependence, and those of the formula of the whole.
    draws : array of shape (r, d)
        Configurations that the hyperparameters that are not chosen are taken from.
    dependence, scoring : PartialDependence
        On the chosen hyperparameters, at the points that formulas are fitted to and at others.
    whole : TrainingSet
        What the formula of the whole is fitted to: configurations of the whole space that the
        surrogate labels, of which the formula sees the hyperparameters of its choice.
    front, whole_front : Front
        Formulas of the partial dependence, and of the surrogate itself.
    """

    surrogate: Surrogate
    n_evaluations: int
    importance: Importance
    choice: Choice
    whole_choice: Choice
    draws: Array
    dependence: PartialDependence
    scoring: PartialDependence
    whole: TrainingSet
    front: Front
    whole_front: Front

    @property
    def space(self) -> Space:
        """All hyperparameters."""
        return self.surrogate.space

    @property
    def training_set(self) -> TrainingSet:
        """What the formulas of the partial dependence are fitted to."""
        of = self.dependence
        return TrainingSet(of.space, of.X, of.mean, self.n_evaluations)

    def save(self, folder: Path) -> None:
        """Write plain data: JSON, and arrays as NPZ without objects."""
        data = {
            "n_evaluations": self.n_evaluations,
            "importance": self.importance.to_json(),
            "choice": self.choice.to_json(),
            "whole_choice": self.whole_choice.to_json(),
            "front": self.front.to_json(),
            "whole_front": self.whole_front.to_json(),
        }
        (folder / "explanation.json").write_text(json.dumps(data), encoding="utf-8")
        self.surrogate.save(folder / "surrogate.npz")
        self.dependence.save(folder / "dependence.npz")
        self.scoring.save(folder / "scoring.npz")
        with (folder / "points.npz").open("wb") as file:
            np.savez_compressed(file, draws=self.draws, whole_X=self.whole.X, whole_y=self.whole.y)

    @classmethod
    def load(cls, folder: Path) -> Explanation:
        """Read what `save` wrote."""
        data = json.loads((folder / "explanation.json").read_text(encoding="utf-8"))
        surrogate = Surrogate.load(folder / "surrogate.npz")
        choice, whole_choice = (Choice.from_json(data[name]) for name in ("choice", "whole_choice"))
        chosen = surrogate.space.subset(choice.names)
        with np.load(folder / "points.npz", allow_pickle=False) as file:
            points = {name: file[name] for name in file.files}
        return cls(
            surrogate,
            data["n_evaluations"],
            Importance.from_json(data["importance"]),
            choice,
            whole_choice,
            points["draws"],
            PartialDependence.load(folder / "dependence.npz", chosen),
            PartialDependence.load(folder / "scoring.npz", chosen),
            TrainingSet(
                surrogate.space.subset(whole_choice.names),
                points["whole_X"],
                points["whole_y"],
                data["n_evaluations"],
            ),
            Front.from_json(data["front"]),
            Front.from_json(data["whole_front"]),
        )


def explain(
    surrogate: Surrogate,
    *,
    n_evaluations: int,
    method: ImportanceMethod,
    regressor: Regressor,
    seed: int,
    settings: Settings | None = None,
) -> Explanation:
    """Find the hyperparameters that matter and formulas on them.

    Parameters
    ----------
    surrogate : Surrogate
    n_evaluations : int
        Trials behind it; criteria of selection count these, not the surrogate's labels.
    method : ImportanceMethod
    regressor : Regressor
        Any engine; categorical and conditional hyperparameters are brought in by `MixedRegressor`.
    seed : int
    settings : Settings, optional

    Raises
    ------
    UserError
        If no hyperparameter explains anything, since all costs are equal.
    """
    settings, space = settings or Settings(), surrogate.space
    importance = from_surrogate(surrogate, method=method, seed=named_seed(seed, "importance"))
    choice = top_hyperparameters(importance, share=settings.share, at_most=settings.at_most)
    whole_choice = top_hyperparameters(importance, share=WHOLE_SHARE, at_most=settings.whole_at_most)
    draws = draw_configurations(space, settings.n_draws, named_seed(seed, "draws"))
    dependence, scoring = (
        partial_dependence(
            surrogate, choice.names, space.subset(choice.names).sample(n, generator(seed, what)), draws
        )
        for n, what in ((settings.n_points, "points"), (settings.n_scoring_points, "scoring"))
    )
    X = space.sample(settings.n_points, generator(seed, "whole"))
    important = space.subset(whole_choice.names)
    whole = TrainingSet(important, X[:, _columns(space, important)], surrogate.predict(X)[0], n_evaluations)
    part = TrainingSet(dependence.space, dependence.X, dependence.mean, n_evaluations)
    engine = MixedRegressor(regressor)
    return Explanation(
        surrogate,
        n_evaluations,
        importance,
        choice,
        whole_choice,
        draws,
        dependence,
        scoring,
        whole,
        engine.fit(part, seed=named_seed(seed, "formula")),
        engine.fit(whole, seed=named_seed(seed, "whole formula")),
    )


def score(
    explanation: Explanation,
    selection: Selection,
    landscape: Landscape,
    truth: PartialDependence | None = None,
) -> list[dict[str, Any]]:
    """Score what leaving hyperparameters out costs, step by step.

    Parameters
    ----------
    explanation : Explanation
    selection : Selection
        Chooses the formulas. The whole formula is reported twice: as chosen, and, if there is one, the
        best with no more nodes than the formula of the partial dependence.
    landscape : Landscape
        True costs over the whole space.
    truth : PartialDependence, optional
        The objective's own, at the first of the scoring points.

    Returns
    -------
    list of dict
        One row for each predictor: the surrogate, its partial dependence, the formula of that, the whole
        formulas. Scores (`symhpo.evaluation.scores`) are those on the landscape; ``rmse`` and ``nrmse``
        against the surrogate's partial dependence and the true one end in ``_dependence`` and
        ``_true_dependence``; ``coverage`` is the share of the true partial dependence that the
        surrogate's 95 % band holds. A predictor of more hyperparameters is averaged over the draws
        before it is compared with a partial dependence.
    """
    space, chosen, at = explanation.space, explanation.dependence.space, explanation.scoring
    member = selection(explanation.front, explanation.training_set)
    whole = selection(explanation.whole_front, explanation.whole)
    same_size = AtMost(member.nodes)(explanation.whole_front, explanation.whole)
    on_chosen = landscape.X[:, _columns(space, chosen)]
    predictions = [
        ("surrogate", None, at.mean, explanation.surrogate.predict(landscape.X)[0]),
        (
            "partial dependence",
            None,
            at.mean,
            partial_dependence(explanation.surrogate, chosen.names, on_chosen, explanation.draws).mean,
        ),
        ("formula", member, member.formula.evaluate(at.X), member.formula.evaluate(on_chosen)),
        ("whole formula", whole, *_of_whole(whole, explanation, landscape)),
        ("whole formula, same size", same_size, *_of_whole(same_size, explanation, landscape)),
    ]
    true = np.empty(0) if truth is None else truth.mean
    return [
        {
            "predictor": predictor,
            **_formula(of, space),
            **scores(landscape.cost, on_landscape),
            **_errors(at.mean, on_dependence, "dependence"),
            **_errors(true, on_dependence[: len(true)], "true_dependence"),
            "coverage": _coverage(at, true) if predictor == "partial dependence" else np.nan,
        }
        for predictor, of, on_dependence, on_landscape in predictions
        # Where no whole formula is that short, the shortest there is says nothing of the size.
        if predictor != "whole formula, same size" or same_size.nodes <= member.nodes
    ]


def over_all_draws(explanation: Explanation, truth: PartialDependence, n_draws: int) -> PartialDependence:
    """Return the true partial dependence of few draws as an estimate of that of all draws.

    The surrogate tells how far the average over the first `n_draws` is from that over all of them: it
    is a control variate (Owen, Monte Carlo theory, methods and examples, 2013, Section 8.9).

    Parameters
    ----------
    explanation : Explanation
    truth : PartialDependence
        At the first of the scoring points, over the first `n_draws` draws.
    n_draws : int
    """
    names, few = truth.space.names, explanation.draws[:n_draws]
    at_few = partial_dependence(explanation.surrogate, names, truth.X, few).mean
    return replace(truth, mean=truth.mean + explanation.scoring.mean[: len(truth.X)] - at_few)


def _of_whole(member: Member, explanation: Explanation, landscape: Landscape) -> tuple[Array, Array]:
    """Return a whole formula's average at the scoring points, and its values on the landscape."""
    space, at = explanation.space, explanation.scoring
    columns = [space.names.index(name) for name in member.formula.hyperparameters]
    averages = [
        member.formula.evaluate(
            with_values(space, at.space.names, point[None, :], explanation.draws)[:, columns]
        ).mean()
        for point in at.X
    ]
    return np.array(averages), member.formula.evaluate(landscape.X[:, columns])


def _columns(space: Space, chosen: Space) -> list[int]:
    return [space.names.index(name) for name in chosen.names]


def _formula(member: Member | None, space: Space) -> dict[str, Any]:
    if member is None:
        return {}
    formula = member.formula
    return {
        "nodes": formula.nodes,
        "operations": formula.operations,
        "depth": formula.depth,
        "formula": formula.text,
        "latex": formula.latex,
        "legend": legend(space.subset(formula.hyperparameters)),
    }


def _coverage(at: PartialDependence, true: Array) -> float:
    """Return the share of the first of the points whose true value is in the band; NaN are left out."""
    lower, upper = (bound[: len(true)] for bound in at.band())
    known = ~np.isnan(true)
    return float(np.mean(((lower <= true) & (true <= upper))[known])) if known.any() else np.nan


def _errors(cost: Array, prediction: Array, suffix: str) -> dict[str, float]:
    known = scores(cost, prediction)
    return {f"{name}_{suffix}": known[name] for name in ("rmse", "nrmse")}
