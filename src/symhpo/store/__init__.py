"""Artifacts and records: identity, atomic publication, provenance, collection."""

from symhpo.store.artifacts import Key, Store, canonical_json
from symhpo.store.journal import Journal, read_journal
from symhpo.store.lease import Lease
from symhpo.store.records import COLUMNS, TIMINGS, RunFolder, records_frame

__all__ = [
    "COLUMNS",
    "TIMINGS",
    "Journal",
    "Key",
    "Lease",
    "RunFolder",
    "Store",
    "canonical_json",
    "read_journal",
    "records_frame",
]
