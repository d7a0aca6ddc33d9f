"""What ``connect run`` says when something can't be run."""

from connect.api import ConnectException
from connect.cli.commands.run import with_causes


def test_the_causes_are_told_once_each() -> None:
    inner = ConnectionRefusedError(111, "Connection refused")
    middle = ConnectException("a: [Errno 111] Connection refused")
    middle.__cause__ = inner
    outer = ConnectException("Tolerance exceeded in error handler")
    outer.__cause__ = middle
    said = with_causes(outer)
    assert said == "Tolerance exceeded in error handler, because: a: [Errno 111] Connection refused"
