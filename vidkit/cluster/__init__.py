"""One run on the workers of a Dask cluster.

    the client          the scheduler             each worker
    `spread`   ◀──────▶ `hub`          ◀────────▶ `station`     letters, by `line`
    `attempt`           `turns`: gates            `far`: what stands in for journal, store, gate
    `seats`             `flights`
    journal

A lesson is one task (`errand`). Its pipeline runs on the worker and takes what is elsewhere for
its own: the journal, which the client alone writes; the gates, which stand at the scheduler and
are one for each service in the whole cluster; the right to make an asset, which the scheduler
gives. The store's files lie on a folder that all machines share.

Needs Dask, so nothing here is imported before somebody gives a client.
"""

from __future__ import annotations
