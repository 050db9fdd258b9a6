"""One run on the workers of a Dask cluster.

    the client           the scheduler              each worker
    `client`    ◀──────▶ `scheduler`    ◀─────────▶ `worker`

A lesson is one task. Its pipeline runs on the worker and takes what is elsewhere for its own: the
ledger, which the client alone writes; the rate limiters, which stand at the scheduler and are one
for each service in the whole cluster; the right to make an asset, which the scheduler gives. The
store's files lie on a folder that all machines share.

Needs Dask, so its modules are imported when somebody gives a client, after `demand_dask`.
"""

from __future__ import annotations

from importlib import import_module

from ..core.errors import SettingsError


def demand_dask() -> None:
    """Raises `SettingsError` where Dask is not installed."""
    try:
        import_module("distributed")
    except ImportError:
        raise SettingsError(
            "client= needs Dask, which is not installed; install it on every machine: "
            "pip install distributed"
        ) from None
