"""`kill -9` at any moment: nothing published is paid for again, and nothing is half."""

from __future__ import annotations

from pathlib import Path

from bench.kill import kill_test


def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """A run that is killed three times and started again pays for no published asset twice, notes
    what was in flight as unconfirmed, leaves no file behind and no asset half.
    """
    out = kill_test(tmp_path, assets=24, kills=3, at_once=8, seed=7)
    assert out.kills == 3
    assert out.paid_again == out.unaccounted == out.wrong == out.left_over == 0
    # a call that was answered and noted as paid may still be lost just before it is published
    assert 24 + out.in_flight <= out.billed <= 24 + 3 * 8
    assert 0 < out.in_flight <= out.unconfirmed <= 3 * 8
