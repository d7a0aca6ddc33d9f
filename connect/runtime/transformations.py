"""The chain of transformations that a task's records go through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connect.api import Predicate, RecordBatch, Transformation
from connect.api.lazy import Repeated


@dataclass(frozen=True, slots=True)
class TransformationStage:
    """A transformation with the predicate that guards it."""

    alias: str
    transformation: Transformation
    class_name: str
    predicate: Predicate | None = None
    negate: bool = False

    def apply(self, batch: RecordBatch) -> list[RecordBatch]:
        """The transformed records, and those that the predicate exempts as they were, in their order."""
        if self.predicate is None:
            return self.transformation.apply_batch(batch)
        answers = self.predicate.test_batch(batch)
        if isinstance(answers, Repeated):
            return self.transformation.apply_batch(batch) if answers.item != self.negate else [batch]
        if all(answer != self.negate for answer in answers):
            return self.transformation.apply_batch(batch)
        result: list[RecordBatch] = []
        for start, stop, answer in _runs(answers):
            part = batch.slice(start, stop)
            result += self.transformation.apply_batch(part) if answer != self.negate else [part]
        return result

    def close(self) -> None:
        """Release what transformation and predicate hold."""
        self.transformation.close()
        if self.predicate is not None:
            self.predicate.close()


class TransformationChain:
    """Stages in the order of the ``transforms`` key."""

    def __init__(self, stages: Sequence[TransformationStage] = ()) -> None:
        self.stages = tuple(stages)

    def __bool__(self) -> bool:
        return bool(self.stages)

    def apply(self, batch: RecordBatch) -> list[RecordBatch]:
        """The batch after all stages; raises what the first failing transformation raises."""
        batches = [batch]
        for stage in self.stages:
            batches = [out for current in batches for out in stage.apply(current)]
        return batches

    def failing_class(self, batch: RecordBatch) -> str:
        """The class of the stage that fails for this batch, for error reports. Runs the chain once more."""
        batches = [batch]
        for stage in self.stages:
            try:
                batches = [out for current in batches for out in stage.apply(current)]
            except Exception:  # the caller has it already and asks only where it came from
                return stage.class_name
        return type(self).__name__

    def close(self) -> None:
        """Release all stages."""
        for stage in self.stages:
            stage.close()


def _runs(answers: Sequence[bool]) -> list[tuple[int, int, bool]]:
    runs: list[tuple[int, int, bool]] = []
    start = 0
    for index in range(1, len(answers) + 1):
        if index == len(answers) or answers[index] != answers[start]:
            runs.append((start, index, answers[start]))
            start = index
    return runs
