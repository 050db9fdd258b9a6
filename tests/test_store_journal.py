"""The journal: what was asked, what it cost, and budgets that hold."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidkit.errors import OverBudget, ProviderError, SettingsError
from vidkit.store import Budget, Journal, Reservation, Store, cache_key
from vidkit.store.ledger import JournalProxy

KEY = cache_key("image", {"n": 1})


def reserve(journal: Journal, dollars: float | None, *budgets: Budget, **more: Any) -> Reservation:
    asked = {"run": None, "key": KEY, "kind": "image", "provider": "openai", "lesson": "adder"}
    return journal.reserve(**{**asked, **more}, dollars=dollars, budgets=budgets)


@pytest.mark.parametrize(
    ("end", "state", "paid", "unconfirmed"),
    [
        (lambda r: r.paid(0.3), "paid", 0.3, 0),
        (lambda r: r.paid(), "paid", 0.5, 0),
        (lambda r: r.failed(), "failed", 0, 0),
        (lambda r: r.unconfirmed(), "unconfirmed", 0, 0.5),
    ],
)
def test_a_call_ends_in_one_of_three_ways(
    end: Any, state: str, paid: float, unconfirmed: float
) -> None:
    """What is reserved counts in full until it is known what became of it, and the first ending
    stands.
    """
    journal, course = Journal(), Budget("course", 1)
    money = reserve(journal, 0.5, course)
    assert journal.spent().reserved == 0.5
    assert journal.left(course) == 0.5
    end(money)
    money.paid(9)
    spent = journal.spent()
    assert (spent.paid, spent.unconfirmed, spent.reserved) == (paid, unconfirmed, 0)
    assert journal.left(course) == pytest.approx(1 - paid - unconfirmed)
    (entry,) = journal.entries()
    assert entry.state == state
    assert entry.ended is not None


def test_a_journal_tells_what_was_asked(tmp_path: Path) -> None:
    """An entry says for which lesson and run what was asked of whom, when, and under which
    budgets.
    """
    with Store(tmp_path) as store:
        journal = store.journal
        run = journal.begin_run("adder.json", [KEY])
        money = reserve(journal, 0.02, Budget("course", 1), Budget("run 1", 1), run=run)
        money.paid(0.013)
        reserve(journal, None, lesson="shifter", kind="audio")
    with Store(tmp_path) as store:
        first, second = store.journal.entries()
        assert (first.run, first.lesson, first.key, first.kind) == (run, "adder", KEY, "image")
        assert (first.provider, first.state, first.dollars) == ("openai", "paid", 0.013)
        assert set(first.budgets) == {"course", "run 1"}
        assert datetime.now(UTC) - first.asked < timedelta(hours=1)
        assert (second.state, second.dollars) == ("unconfirmed", None)
        assert (second.run, second.lesson) == (None, "shifter")
        assert store.journal.spent(run=run).paid == 0.013
        assert store.journal.spent(budget="nobody's").total == 0


def test_a_budget_is_a_hard_cap() -> None:
    """A call that does not fit is not made: the error names budget, price and what is left, and
    nothing is noted.
    """
    journal, budget = Journal(), Budget("course", 1.00)
    for _ in range(100):
        reserve(journal, 0.01, budget).paid()
    with pytest.raises(
        OverBudget, match=r"may cost \$0\.01, and \$0\.00 is left.*'course'"
    ) as told:
        reserve(journal, 0.01, budget)
    assert isinstance(told.value, ProviderError)
    assert told.value.budget == "course"
    assert len(journal.entries()) == 100
    reserve(journal, 0.0, budget).paid()
    reserve(journal, 0.01, Budget("course", 1.01))
    reserve(journal, 5.0)


def test_cents_add_up() -> None:
    """A sum of floats that is a hair over a budget fits it, and a millionth over does not."""
    reserve(Journal(), 0.1 + 0.2, Budget("course", 0.3))
    with pytest.raises(OverBudget):
        reserve(Journal(), 0.300001, Budget("course", 0.3))


def test_an_end_is_an_end_for_everybody() -> None:
    """A call that ended is left as it is, whoever ends it again; late news of one that was
    unconfirmed is taken.
    """
    journal, course = Journal(), Budget("course", 1)
    lost, failed = reserve(journal, 0.5, course), reserve(journal, 0.25, course)
    failed.failed()
    journal.end(failed.id, "paid", 0.25)
    lost.unconfirmed()
    assert journal.left(course) == 0.5
    journal.end(lost.id, "paid", 0.125)
    journal.end(4711, "paid", 1)
    assert journal.spent().total == journal.spent().paid == 0.125
    assert journal.left(course) == 0.875


def test_every_budget_has_to_have_room() -> None:
    """A call under two budgets is made where it fits both, and charged to both."""
    journal, course, run = Journal(), Budget("course", 1), Budget("run 7", 0.5)
    reserve(journal, 0.4, course, run).paid()
    with pytest.raises(OverBudget, match="run 7"):
        reserve(journal, 0.2, course, run)
    assert journal.left(course) == 0.6
    with pytest.raises(OverBudget, match="course"):
        reserve(journal, 0.4, course, Budget("course", 0.5))


def test_an_unknown_price_fits_no_budget() -> None:
    """Where nobody knows the price a budget lets nothing through, and without one what it cost is
    unknown, unless the provider says.
    """
    journal = Journal()
    with pytest.raises(OverBudget, match="no known price"):
        reserve(journal, None, Budget("course", 100))
    reserve(journal, None).paid()
    reserve(journal, None).paid(0.5)
    assert [entry.dollars for entry in journal.entries()] == [None, 0.5]
    assert journal.spent().paid == 0.5


@pytest.mark.parametrize("dollars", [-1, float("nan"), float("inf"), "2", True, None])
def test_a_budget_is_a_sum_of_money(dollars: Any) -> None:
    """A budget that is no sum is refused as a setting."""
    with pytest.raises(SettingsError, match="give dollars"):
        Budget("course", dollars)
    with pytest.raises(SettingsError, match="give it a word"):
        Budget(" ", 1)
    if dollars is not None:
        with pytest.raises(SettingsError, match="a price is"):
            reserve(Journal(), dollars)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["course", "run"]),
            st.floats(0, 0.6),
            st.sampled_from(["paid", "less", "failed", "unconfirmed", "open"]),
        ),
        max_size=12,
    )
)
def test_no_order_of_calls_overspends(calls: list[tuple[str, float, str]]) -> None:
    """However calls are reserved and end, no budget is overdrawn while none costs more than was
    reserved, and what a budget has left agrees with its entries.
    """
    journal = Journal()
    caps = {"course": Budget("course", 1), "run": Budget("run", 0.7)}
    for name, dollars, end in calls:
        budgets = [caps["course"], caps["run"]] if name == "run" else [caps["course"]]
        try:
            money = reserve(journal, dollars, *budgets)
        except OverBudget as refused:
            assert dollars > journal.left(caps[refused.budget]) - 2e-6
            continue
        if end == "less":
            money.paid(dollars / 2)
        elif end != "open":
            getattr(money, end)()
    for cap in caps.values():
        spent = journal.spent(budget=cap.name).total
        assert spent <= cap.dollars
        assert journal.left(cap) == pytest.approx(cap.dollars - spent, abs=1e-9)


def test_two_processes_do_not_overspend_together(tmp_path: Path) -> None:
    """Two processes that share a budget of one dollar make a hundred calls for a cent between
    them, and not one more.
    """
    code = """
import sys
from pathlib import Path
from vidkit.errors import OverBudget
from vidkit.store import Budget, Store
with Store(Path(sys.argv[1])) as store:
    made = 0
    try:
        while True:
            store.journal.reserve(run=None, key="0" * 64, kind="image", provider="p", lesson="l",
                                  dollars=0.01, budgets=[Budget("course", 1.0)]).paid()
            made += 1
    except OverBudget:
        print(made)
"""
    order = [sys.executable, "-c", code, str(tmp_path)]
    both = [subprocess.Popen(order, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    made = [int(process.communicate()[0]) for process in both]
    assert sum(made) == 100
    with Store(tmp_path) as store:
        assert store.journal.spent(budget="course").paid == 1.0
        assert store.journal.left(Budget("course", 25)) == 24.0


def test_a_run_tells_what_its_lesson_needs() -> None:
    """A lesson that is not finished holds what it needs until a run on it finishes; a new run
    on it takes the place of one that ended.
    """
    journal = Journal()
    first = journal.begin_run("adder", ["a", "b"])
    journal.need(first, ["b", "c"])
    other = journal.begin_run("shifter", ["x"])
    assert journal.needed(under_way=True) == {"a", "b", "c", "x"}
    journal.end_run(first, finished=False)
    assert journal.needed() == {"a", "b", "c", "x"}
    assert journal.needed(under_way=True) == {"x"}
    second = journal.begin_run("adder", ["a", "d"])
    assert journal.needed() == {"a", "d", "x"}
    journal.end_run(second, finished=True)
    journal.end_run(other, finished=False)
    assert journal.needed() == {"x"}


def test_a_journal_elsewhere_is_asked_as_one_that_is_here() -> None:
    """Arguments reach it by their names, also where they were given by position."""
    here = Journal()
    there = JournalProxy(lambda call, **asked: getattr(here, call)(**asked), print)
    run = there.begin_run("adder", ["a"])
    there.need(run, keys=["b"])
    assert here.needed(under_way=True) == {"a", "b"}
    assert there.tally(hits=2) == here.tally(hits=0)
    there.end_run(run, finished=True)
    assert here.needed() == set()
