"""The identity of artifacts: one id for the same settings, another one for any other."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symhpo.store import Key, canonical_json

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
settings = st.dictionaries(st.text(), plain, max_size=4)


def shuffled(value, random):
    """The same value with the keys of every object in another order."""
    if isinstance(value, dict):
        names = list(value)
        random.shuffle(names)
        return {name: shuffled(value[name], random) for name in names}
    if isinstance(value, list):
        return [shuffled(item, random) for item in value]
    return value


@given(settings, st.randoms())
def test_id_does_not_depend_on_the_order_of_keys(value, random):
    assert Key("bo", 1, value, "a").id == Key("bo", 1, shuffled(value, random), "b").id


@given(settings, settings)
def test_different_settings_have_different_ids(one, other):
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (Key("bo", 1, one, "a").id == Key("bo", 1, other, "a").id) == same


@given(settings)
def test_canonical_json_is_read_back_exactly(value):
    assert json.loads(canonical_json(value)) == value


def test_id_is_stable_across_releases():
    key = Key("landscape", 2, {"b": [1, 2.5, None, True], "a": "ä"}, "svm/vehicle")
    assert key.id == "a50146efd49716261fff95766dd3c9d5466be3aa11b7cabf3b6e31d45dd0c83d"


def test_stage_and_version_are_part_of_the_identity():
    ids = {Key(stage, version, {}, "x").id for stage in ("bo", "random") for version in (1, 2)}
    assert len(ids) == 4


@pytest.mark.parametrize("value", [np.float64(1.0), (1, 2), {1}, b"x", {1: 2}, object()])
def test_what_is_not_plain_json_is_refused_with_its_place(value):
    with pytest.raises(TypeError, match=r"settings\.outer\[0\]"):
        canonical_json({"outer": [value]})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused(value):
    with pytest.raises(ValueError, match=r"settings\.x"):
        canonical_json({"x": value})
