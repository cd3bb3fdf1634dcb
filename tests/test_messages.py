"""What errors of Hydra and OmegaConf say to the user."""

from __future__ import annotations

import pytest
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from symhpo.cli import compose
from symhpo.config import run_folder
from symhpo.errors import UserError
from symhpo.messages import one_line


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["seeed=1"], "there is no setting 'seeed'; did you mean seed? `run.py --cfg job` prints all"),
        (["modle=svm"], "there is no setting 'modle'; did you mean model? `run.py --cfg job` prints all"),
        (
            ["model.tunde=[C]"],
            "there is no setting 'model.tunde'; did you mean model.tuned? `run.py --cfg job` prints all",
        ),
        (["xyz=1"], "there is no setting 'xyz'; `run.py --cfg job` prints all"),
        (["strategy=bogp"], "there is no strategy 'bogp'; there are bo, bo_gp, random"),
        (["seed"], "Error parsing override 'seed'; missing EQUAL at '<EOF>'"),
        (
            ["model.tuned=[D]"],
            "model svm has no hyperparameter D; set model.tuned to some of C, gamma, or to all",
        ),
        (["model=hpobench"], "Missing mandatory value: model.target; full_key: model.target"),
        (
            ["+model.speed=1"],
            "symhpo.objectives.models.SupportVectorMachine does not fit its settings: "
            "SupportVectorMachine.__init__() got an unexpected keyword argument 'speed'",
        ),
    ],
)
def test_what_is_wrong_is_one_plain_line(overrides: list[str], line: str) -> None:
    with pytest.raises((HydraException, OmegaConfBaseException, UserError)) as caught:
        run_folder(compose(overrides))
    assert one_line(caught.value) == line


def test_a_line_of_ours_is_left_as_it_is() -> None:
    assert one_line(UserError("no space is left;\n free some")) == "no space is left; free some"
