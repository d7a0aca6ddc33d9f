import errno
import io
import re
import socket
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from rich.console import Console

from connect.cli.main import SUB_COMMANDS, cli
from connect.demo import command, run
from connect.demo.process import DemoFailed
from connect.demo.run import DemoOptions, run_demo


def outcome(
    monkeypatch: pytest.MonkeyPatch, *arguments: str, result: bool | BaseException = True
) -> tuple[int, str, DemoOptions]:
    """Exit code and output of ``connect demo``, and the options that reached the demo."""
    seen: list[DemoOptions] = []

    def run_demo(options: DemoOptions, console: Console) -> bool:
        seen.append(options)
        if isinstance(result, BaseException):
            raise result
        return result

    monkeypatch.setattr(command, "run_demo", run_demo)
    answer = CliRunner().invoke(cli, ["demo", *arguments])
    return answer.exit_code, answer.output, seen[0]


def test_the_defaults_are_kafka_connects_ports(monkeypatch):
    """8083 for REST, 9092 for the broker, 9200 for the search server; January only, serving on."""
    assert outcome(monkeypatch)[2] == DemoOptions(False, False, 8083, 9092, 9200, False)


def test_every_option_arrives(monkeypatch):
    """From the command line to the demo."""
    flags = ["--exit", "--all", "--port", "1", "--broker-port", "2", "--search-port", "3", "--keep-files"]
    assert outcome(monkeypatch, *flags)[2] == DemoOptions(True, True, 1, 2, 3, True)


@pytest.mark.parametrize(
    ("result", "code", "text"),
    [
        (True, 0, ""),
        (False, 1, ""),
        (DemoFailed("port [8083] is taken"), 1, "The demo failed. port [8083] is taken"),
        (requests.ConnectionError("refused"), 1, "A server doesn't answer any more: refused"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "No space left on device; make room, or set TMPDIR"),
        (PermissionError(errno.EACCES, "Permission denied", "/c"), 1, "Permission denied: '/c'; set TMPDIR"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_the_exit_code_tells_how_it_went(monkeypatch, result, code, text):
    """0 when all arrived, 1 when not, 130 when interrupted; never a traceback."""
    exit_code, output, _ = outcome(monkeypatch, result=result)

    assert exit_code == code
    assert text in output
    assert "Traceback" not in output


def test_every_taken_port_is_named_with_a_way_out():
    """One message for all of them, with a command that works."""
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        ports = [server.getsockname()[1] for server in (first, second)]
        options = DemoOptions(rest_port=ports[0], broker_port=0, search_port=ports[1])

        with pytest.raises(DemoFailed) as failure:
            run_demo(options, Console(file=io.StringIO()))

    message = str(failure.value)
    assert f"Port {ports[0]} for the worker's REST interface is taken." in message
    assert f"Port {ports[1]} for the search server is taken." in message
    assert "connect demo --port " in message
    assert " --search-port " in message


def test_a_full_disk_is_noticed_before_anything_starts(monkeypatch, tmp_path):
    """The message says how much is there and how much is needed; no folder is left."""
    monkeypatch.setattr(run.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(run, "_NEEDED_MEGABYTES", 10**9)

    with pytest.raises(DemoFailed, match=r"MB free in .*; the demo needs 1000000000 MB"):
        run_demo(DemoOptions(True, False, 0, 0, 0), Console(file=io.StringIO()))
    assert list(Path(tmp_path).iterdir()) == []


def test_missing_extras_are_named(monkeypatch):
    """With the command that installs them."""
    monkeypatch.setattr(run, "_NEEDED_MODULES", ("elastic_transport", "not_installed_at_all"))

    with pytest.raises(DemoFailed, match=r"not_installed_at_all.*\n.*pip install 'kafka-connect-worker\[demo\]'"):
        run_demo(DemoOptions(True, False, 0, 0, 0), Console(file=io.StringIO()))


def test_help_names_every_sub_command():
    """Without importing it."""
    output = CliRunner().invoke(cli, ["--help"]).output

    for name, entry in SUB_COMMANDS.items():
        assert re.search(rf"^ +{name} +{re.escape(entry.summary)}$", output, re.MULTILINE)


def test_an_unknown_sub_command_is_a_usage_error():
    """Exit code 2, as with every command line."""
    answer = CliRunner().invoke(cli, ["nothing"])

    assert answer.exit_code == 2
    assert "No such command 'nothing'" in answer.output
