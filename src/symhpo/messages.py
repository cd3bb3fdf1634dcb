"""One line for the user from an error, whoever raised it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from symhpo.errors import UserError

__all__ = ["one_line"]

# What Hydra and OmegaConf add for their own developers.
_NOISE = re.compile(r"^(full_key: hydra\.|object_type=|reference_type=|See https://hydra\.cc)")
_WRAPPED = re.compile(r"^\w+ raised while resolving interpolation: ")


def one_line(error: BaseException) -> str:
    """Return what is wrong, where, and what to do, without what only a developer of Hydra can use.

    Parameters
    ----------
    error : exception
        Of ours, of Hydra or of OmegaConf; what it was raised from is looked at, too.
    """
    from hydra.errors import MissingConfigException
    from omegaconf.errors import ConfigAttributeError, ConfigKeyError

    for inner in _causes(error):
        if isinstance(inner, UserError):
            return _joined(str(inner))
        if isinstance(inner, MissingConfigException) and inner.options:
            group, _, name = str(inner.missing_cfg_file).rpartition("/")
            return f"there is no {group} {name!r}; there are {', '.join(inner.options)}"
        if isinstance(inner, ConfigAttributeError | ConfigKeyError) and "is not in struct" in str(inner):
            return _unknown(inner)
    return _joined(_WRAPPED.sub("", str(error)))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from."""
    inner: BaseException | None = error
    while inner is not None:
        yield inner
        inner = inner.__cause__


def _unknown(error: BaseException) -> str:
    """Return a line on a setting that does not exist, with the one that was meant, if one is alike."""
    full_key, key = str(getattr(error, "full_key", "")), str(getattr(error, "key", ""))
    siblings = [str(name) for name in getattr(error, "parent_node", None) or ()]
    above = full_key.removesuffix(key)
    alike = [above + name for name in difflib.get_close_matches(key, siblings, n=1)]
    meant = f"did you mean {alike[0]}? " if alike else ""
    return f"there is no setting {full_key!r}; {meant}`run.py --cfg job` prints all"


def _joined(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    kept = [line for line in lines if line and not _NOISE.match(line)]
    # Where Hydra looked is the same for all that it did not find.
    if "Config search path:" in kept:
        kept = kept[: kept.index("Config search path:")]
    return "; ".join(line.rstrip(";") for line in kept)
