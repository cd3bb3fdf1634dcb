"""One run, or with -m many: SMAC, sampling, formulas, scores on the true landscape, records.

python experiments/run.py model=svm dataset=vehicle strategy=bo_gp seed=0
python experiments/run.py -m model=glob(*) dataset=glob(*) strategy=bo,random,bo_gp seed=0,3,6,9,12
python experiments/run.py experiment=cell model=lr dataset=blood_transfusion
python experiments/run.py --cfg job
"""

from __future__ import annotations

from omegaconf import DictConfig

from symhpo.cli import hydra_main


def main(config: DictConfig) -> None:
    """Compute what the configuration describes."""
    from hydra.core.hydra_config import HydraConfig

    from symhpo.pipeline import run

    run(config, list(HydraConfig.get().overrides.task))


if __name__ == "__main__":
    hydra_main(main)
