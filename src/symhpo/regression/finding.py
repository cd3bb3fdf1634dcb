"""Whether a formula says more than what needs no search."""

from __future__ import annotations

from collections.abc import Iterable

from symhpo.regression.base import Member, Regressor, TrainingSet
from symhpo.regression.baselines import BASELINES
from symhpo.regression.criterion import bic

__all__ = ["is_finding"]


def is_finding(
    member: Member, training_set: TrainingSet, baselines: Iterable[Regressor] = tuple(BASELINES.values())
) -> tuple[bool, str]:
    """Return whether a formula beats every baseline of at most its size, and why or why not.

    They are compared by BIC on the training set (see `criterion.bic`): a formula has to be more
    accurate than every baseline that is no longer than itself, and by enough to pay for each node
    that it is longer. Training errors alone would let any longer formula win that fits the noise.

    Parameters
    ----------
    member : Member
        The formula, with its error on the training set.
    training_set : TrainingSet
    baselines : iterable of Regressor

    Returns
    -------
    bool
    str
        One line for the record.
    """
    rivals = [
        (bic(rival, training_set), baseline.name, rival)
        for baseline in baselines
        for rival in baseline.fit(training_set, seed=0).members
        if rival.nodes <= member.nodes
    ]
    if not rivals:
        return True, f"no baseline has as few as {member.nodes} nodes"
    best_bic, name, rival = min(rivals, key=lambda candidate: (candidate[0], candidate[2].nodes))
    own_bic = bic(member, training_set)
    beats = own_bic < best_bic
    reason = (
        f"{'beats' if beats else 'does not beat'} the {name.replace('_', ' ')} baseline: "
        f"RMSE {member.rmse:.3g} at {member.nodes} nodes against {rival.rmse:.3g} at {rival.nodes}, "
        f"BIC {own_bic:.1f} against {best_bic:.1f}"
    )
    return beats, reason
