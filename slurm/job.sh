#!/bin/bash
# One task of a sweep's job array, submitted by `experiments/sweep.py`, which adds what the cluster
# profile asks for. Arguments: the sweep's folder, the round, the first share of this array.
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail
# Module loads and the like, from the profile.
eval "${SYMHPO_SETUP:-}"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
# With exec, the signal before the time limit reaches Python itself. It is ignored until Python
# has installed its handler.
trap '' USR1
exec "$SYMHPO_PYTHON" -m symhpo.sweep.supervisor "$1" "$2" "$(($3 + SLURM_ARRAY_TASK_ID))"
