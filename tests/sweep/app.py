"""The trivial study as a Hydra application, for the launchers of ``conf/hydra/launcher``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import trivial

from symhpo import cli


def main(config) -> None:
    from hydra.core.hydra_config import HydraConfig

    trivial.work(config, HydraConfig.get().overrides.task).execute()


if __name__ == "__main__":
    cli.CONF = Path(__file__).parent / "conf"
    cli.hydra_main(main)
