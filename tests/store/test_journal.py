"""Journals: many writers, torn lines."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symhpo.errors import UserError
from symhpo.store import Journal, read_journal


def test_lines_of_all_writers_are_read(tmp_path):
    with Journal(tmp_path / "trials") as one, Journal(tmp_path / "trials", durable=False) as other:
        one.append({"cost": 0.1})
        other.append({"cost": 0.2})
        one.append({"cost": 0.3})
    assert sorted(line["cost"] for line in read_journal(tmp_path / "trials")) == [0.1, 0.2, 0.3]
    assert len(list((tmp_path / "trials").iterdir())) == 2


def test_no_journal_is_an_empty_one(tmp_path):
    assert list(read_journal(tmp_path / "nothing")) == []


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_bit_for_bit(tmp_path_factory, number):
    folder = tmp_path_factory.mktemp("journal")
    with Journal(folder, durable=False) as journal:
        journal.append({"cost": number})
    (line,) = read_journal(folder)
    assert line["cost"].hex() == number.hex()


def test_every_torn_last_line_is_skipped(tmp_path):
    with Journal(tmp_path) as journal:
        journal.append({"cost": 0.1})
        journal.append({"cost": 0.25})
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for length in range(first, len(whole)):
        os.truncate(path, 0)
        path.write_bytes(whole[:length])
        assert list(read_journal(tmp_path)) == [{"cost": 0.1}]


def test_damage_in_the_middle_is_an_error_that_names_the_line(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"cost": 1}\n{"co\n{"cost": 2}\n')
    with pytest.raises(UserError, match=r"line 2 of .*a\.jsonl"):
        list(read_journal(tmp_path))


def test_a_line_that_hit_a_full_disk_does_not_spoil_later_ones(tiny_disk):
    with Journal(tiny_disk / "journal") as journal:
        journal.append({"cost": 0.1})
        with pytest.raises(UserError, match="no space is left"):
            journal.append({"ballast": "x" * 2**21})
        (torn,) = (tiny_disk / "journal").iterdir()
        assert torn.stat().st_size > 1000
        os.truncate(torn, 50)
        journal.append({"cost": 0.3})
    lines = list(read_journal(tiny_disk / "journal"))
    assert sorted(line["cost"] for line in lines) == [0.1, 0.3]
    assert len(list((tiny_disk / "journal").iterdir())) == 2


def test_not_a_number_is_refused(tmp_path):
    with Journal(tmp_path) as journal, pytest.raises(ValueError, match="not JSON compliant"):
        journal.append({"cost": float("nan")})
