"""Nothing is made twice, nothing is paid for twice: assets by content, and a journal of money.

    with Store() as store:
        key = asset_key("image", shape)
        asset = store.find(key)
        if asset is None:
            async with store.flight(key):               # one maker at a time, in all processes
                asset = store.find(key)                 # somebody else may have made it
                if asset is None:
                    money = store.journal.reserve(run=run, key=key, …, budgets=budgets)
                    picture = await call()
                    money.paid(dollars)                 # what we do with it changes no bill
                    asset = store.keep(key, picture, ".png", {"kind": "image"}, check=decodes)

An asset appears on the shelf in one step, after it is written through to the disk, so a process
that is killed leaves it whole or not at all. The facts about it lie beside it and not in the
database: a journal that is lost loses no asset.
"""

from __future__ import annotations

from .ledger import Budget, Entry, Journal, Money, Reservation
from .store import (
    Asset,
    Contents,
    NoStore,
    Removal,
    Store,
    Upkeep,
    Verdict,
    cache_key,
    copy_out,
    default_folder,
    open_store,
    without_credentials,
)

__all__ = [
    "Asset",
    "Budget",
    "Contents",
    "Entry",
    "Journal",
    "Money",
    "NoStore",
    "Removal",
    "Reservation",
    "Store",
    "Upkeep",
    "Verdict",
    "cache_key",
    "copy_out",
    "default_folder",
    "open_store",
    "without_credentials",
]
