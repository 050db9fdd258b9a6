"""Nothing is made twice, nothing is paid for twice: assets by content, and a journal of money.

An asset appears in its directory in one step, after it is written through to the disk, so a process
that is killed leaves it whole or not at all. The facts about it lie beside it and not in the
database: a journal that is lost loses no asset.
"""

from __future__ import annotations

from .assets import Asset, cache_key, copy_into, without_credentials
from .ledger import Budget, Entry, Journal, Money, Reservation
from .maintenance import Contents, MaintainedStore, Removal, Verdict
from .store import Store, default_folder, open_store

__all__ = [
    "Asset",
    "Budget",
    "Contents",
    "Entry",
    "Journal",
    "MaintainedStore",
    "Money",
    "Removal",
    "Reservation",
    "Store",
    "Verdict",
    "cache_key",
    "copy_into",
    "default_folder",
    "open_store",
    "without_credentials",
]
