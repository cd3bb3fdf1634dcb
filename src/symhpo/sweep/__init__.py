"""Many runs: expanded, handed out to SLURM or this machine, watched, resumed.

How to use it, from a terminal::

    python experiments/sweep.py submit experiment=faithfulness model=glob(*) seed=0,3,6,9,12
    python experiments/sweep.py status

A sweep is a folder (`symhpo.sweep.manifest`). Jobs take its lines one after the other
(`symhpo.sweep.worker`), each under a lease, and say in journals of their own what became of them.
Nothing here schedules: SLURM does, and a local sweep is as many worker processes as asked for.
"""
