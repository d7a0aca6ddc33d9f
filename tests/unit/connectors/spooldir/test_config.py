"""Configurations that are refused, with the original's words."""

import pytest

from connectors.spooldir.line_source import SpoolDirLineDelimitedSourceConnector


@pytest.mark.parametrize(
    ("key", "value", "refusal"),
    [
        (
            "cleanup.policy",
            "move",
            (
                "Invalid value 'move' is not a valid value for CleanupPolicy. "
                "Valid values are NONE, DELETE, MOVE, MOVEBYDATE. for configuration cleanup.policy"
            ),
        ),
        (
            "files.sort.attributes",
            "NameAsc,x",
            (
                "Invalid value 'x' is not a valid value for FileAttribute. Valid values are NameAsc, NameDesc, "
                "LengthAsc, LengthDesc, LastModifiedAsc, LastModifiedDesc. for configuration files.sort.attributes"
            ),
        ),
        (
            "processing.file.extension",
            "abc",
            r"Invalid value 'abc' does not match pattern '^.*\..+$'. for configuration processing.file.extension",
        ),
    ],
)
def test_what_is_refused(key: str, value: str, refusal: str) -> None:
    checked = SpoolDirLineDelimitedSourceConnector.validate({"name": "n", key: value})
    assert [error for one in checked if one.name == key for error in one.errors] == [refusal]
