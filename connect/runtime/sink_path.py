"""What a sink task's loop is made of besides the task and its consumer."""

from __future__ import annotations

from dataclasses import dataclass

from connect.runtime.conversion import SinkConversion
from connect.runtime.errors.tolerance import ToleranceOperator
from connect.runtime.transformations import TransformationChain


@dataclass(frozen=True, slots=True)
class SinkPath:
    """The parts that a sink task's records go through; ``put_alone``: one by one where they can't be put together."""

    conversion: SinkConversion
    chain: TransformationChain
    tolerance: ToleranceOperator
    put_alone: bool = False
