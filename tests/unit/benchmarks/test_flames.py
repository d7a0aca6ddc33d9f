"""Stacks that py-spy has seen."""

from __future__ import annotations

from xml.etree import ElementTree

from benchmarks import flames

_RAW = """\
process 1:"worker";main (a.py:1);serve (b.py:2) 50
process 1:"worker";process 2:"";TaskRun._run_task (t.py:9);run (connect/x.py:1);poll (connectors/y.py:2) 30
process 1:"worker";process 2:"";TaskRun._run_task (t.py:9);run (connect/x.py:1) 10
process 1:"worker";process 2:"";Thread.run (threading.py:1);wait (threading.py:2) 7
process 1:"worker";process 2:"";Thread.run (threading.py:1);post (connectors/z.py:3) 5
process 1:"worker";process 2:"";TaskRun._run_task (t.py:9);run (connect/x.py:1);Condition.wait (threading.py:3) 90
"""


def test_only_tasks_at_work_count() -> None:
    assert flames.stacks_of(_RAW) == {
        ("run (connect/x.py:1)", "poll (connectors/y.py:2)"): 30,
        ("run (connect/x.py:1)",): 10,
        ("Thread.run (threading.py:1)", "post (connectors/z.py:3)"): 5,
    }


def test_the_first_functions_are_those_with_most_time_of_their_own() -> None:
    shown = flames.top(flames.stacks_of(_RAW), 2)
    assert shown == [("poll (connectors/y.py:2)", 30 / 45), ("run (connect/x.py:1)", 10 / 45)]


def test_each_function_is_drawn_as_wide_as_it_took() -> None:
    drawn = ElementTree.fromstring(flames.drawing(flames.stacks_of(_RAW), "a <case>"))
    space = "{http://www.w3.org/2000/svg}"
    boxes = {
        group.find(f"{space}title").text: float(group.find(f"{space}rect").get("width"))
        for group in drawn.iter(f"{space}g")
    }
    assert boxes["run (connect/x.py:1) 88.9%"] == 1066.7
    assert boxes["poll (connectors/y.py:2) 66.7%"] == 800.0
