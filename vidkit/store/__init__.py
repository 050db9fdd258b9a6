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

from .asset import Asset, copy_out
from .journal import Journal
from .keeping import Contents, Removal, Verdict
from .key import asset_key, without_credentials
from .mark import default_folder
from .money import Budget, Entry, Money
from .nothing import NoStore, open_store
from .reservation import Reservation
from .store import Store
from .upkeep import Upkeep

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
    "asset_key",
    "copy_out",
    "default_folder",
    "open_store",
    "without_credentials",
]
