"""What would four workers do, or six, or two videos at a time? Answered before anything is spent.

`forecast` and `sweep` run the pipeline and the gate of every run, with stand-ins that take the
time that is said, on a virtual clock.

    `plan`        what a run would make, by the store; what one of any size would take
    `sweep`       the same for many worker counts, as columns
    `workload`    how long each piece takes: as is said, or as in an earlier run
    `simulation`  the run in virtual time, with stand-ins for what takes time
"""
