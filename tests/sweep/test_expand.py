"""Expansion and composition are Hydra's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from symhpo.errors import UserError
from symhpo.sweep.expand import Composer
from symhpo.sweep.manifest import Line
from symhpo.sweep.worker import in_order

CONF = Path(__file__).with_name("conf")


@pytest.mark.parametrize(
    "overrides",
    [
        ["cell=b", "seed=3"],
        ["seed=3", "cell=c", "trials=7", "seed=4"],
        ["+extra.nested=[1,2]", "~fault", "++seconds=2"],
        ["paths.outputs=${name}/x", "cell.name=renamed"],
    ],
)
def test_compositions_are_hydras(overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        expected = compose("run", overrides)
    with Composer(CONF, "run") as composer:
        composer.compose(["seed=17"])
        composed = composer.compose(overrides)
        assert OmegaConf.to_yaml(composed, resolve=True) == OmegaConf.to_yaml(expected, resolve=True)
        assert composer.compose([]).seed == 0


def test_expansion_is_hydras_product():
    with Composer(CONF, "run") as composer:
        runs = composer.expand(["cell=glob(*,exclude=c)", "seed=0,3", "trials=5"])
    assert runs == [[f"cell={cell}", f"seed={seed}", "trials=5"] for cell in "ab" for seed in (0, 3)]


def test_every_choice_is_checked():
    with Composer(CONF, "run") as composer:
        composer.check([["cell=a", "seed=0"], ["cell=b", "seed=1"]])
        with pytest.raises(Exception, match="nowhere"):
            composer.check([["cell=a", "seed=0"], ["cell=nowhere", "seed=0"]])
        with pytest.raises(UserError, match=r"seed=\["):
            composer.expand(["seed=["])


def test_lines_are_the_same_in_any_order():
    assert Line.of(["seed=0", "cell=a"]).id == Line.of(["cell=a", "seed=0"]).id
    assert Line.of(["seed=0"]).id != Line.of(["seed=1"]).id


@given(st.integers(0, 40), st.integers(1, 12))
def test_shares_cut_the_lines_without_gap_or_overlap(count, shares):
    lines = [Line.of([f"seed={index}"]) for index in range(count)]
    own = [in_order(lines, share, shares) for share in range(shares)]
    for order in own:
        assert sorted(line.id for line in order) == sorted(line.id for line in lines)
    first = [
        order[: count * (share + 1) // shares - count * share // shares] for share, order in enumerate(own)
    ]
    assert [line for order in first for line in order] == lines
