"""Predicates choose the records of a batch that a transformation sees; order stays."""

from __future__ import annotations

from typing import Any

import pytest

from connect.runtime.transformations import TransformationChain, TransformationStage
from tests.unit.runtime.parts import Change, Holds, batch_of


def values(chain: TransformationChain, *given: Any) -> list[Any]:
    return [value for batch in chain.apply(batch_of(*given)) for value in batch.values]


def stage(change: Any, condition: Any = None, negate: bool = False) -> TransformationStage:
    return TransformationStage("a", Change(change), "Change", None if condition is None else Holds(condition), negate)


@pytest.mark.parametrize(
    ("condition", "negate", "expected"),
    [
        (lambda v: v % 2 == 0, False, [-0, 1, -2, 3]),
        (lambda v: v % 2 == 0, True, [0, -1, 2, -3]),
        (lambda v: True, False, [0, -1, -2, -3]),
        (lambda v: False, False, [0, 1, 2, 3]),
        (lambda v: v > 1, False, [0, 1, -2, -3]),
    ],
)
def test_only_chosen_records_are_changed(condition: Any, negate: bool, expected: list[int]) -> None:
    assert values(TransformationChain([stage(lambda v: -v, condition, negate)]), 0, 1, 2, 3) == expected


def test_dropped_records_leave_the_chain_and_the_others_keep_their_positions() -> None:
    chain = TransformationChain([stage(lambda v: v if v != 2 else None), stage(lambda v: v * 10)])
    batches = chain.apply(batch_of(1, 2, 3))
    assert [(value, position) for b in batches for value, position in zip(b.values, b.positions, strict=True)] == [
        (10, 0),
        (30, 2),
    ]


def test_an_empty_chain_gives_the_batch_itself() -> None:
    batch = batch_of(1)
    assert TransformationChain().apply(batch) == [batch]


def test_the_failing_stage_is_named() -> None:
    failing = TransformationStage("b", Change(lambda v: 1 / v), "Divide")
    chain = TransformationChain([stage(lambda v: v - 1), failing])
    assert chain.failing_class(batch_of(1)) == "Divide"
