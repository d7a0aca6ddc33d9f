import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from connect.demo.process import DemoFailed, Server, free_port, port_is_free
from tests.waiting import wait_until

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]


def started(command: list[str], folder: Path) -> Server:
    server = Server("The server", command, folder / "log")
    server.wait_until_ready(lambda: "up" in server.log.read_text(), 10)
    return server


def test_a_server_is_stopped_politely(tmp_path):
    """SIGTERM is enough for one that listens to it."""
    server = started(SLEEPER, tmp_path)
    server.check()

    server.stop()

    assert not psutil.pid_exists(server.pid)
    with pytest.raises(DemoFailed, match="exit code -15"):
        server.check()


def test_a_server_that_wont_stop_is_killed(tmp_path):
    """After its grace."""
    server = started(STUBBORN, tmp_path)

    server.stop(grace=0.1)

    assert not psutil.pid_exists(server.pid)


def test_what_a_server_leaves_behind_goes_with_it(tmp_path):
    """A grandchild that outlives its parent is ended as well."""
    code = f"import subprocess; print(subprocess.Popen({SLEEPER!r}).pid, 'up', flush=True)"
    server = started([sys.executable, "-c", code], tmp_path)
    grandchild = int(server.log.read_text().split()[0])

    server.stop()

    wait_until(lambda: not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE)


if sys.platform == "linux":  # only its kernel ties the life of a child to its parent's

    def test_servers_die_with_a_demo_that_is_killed(tmp_path):
        """kill -9 of whoever started them leaves nothing running."""
        starter = f"""
            from pathlib import Path
            from connect.demo.process import Server
            server = Server("x", {SLEEPER!r}, Path({str(tmp_path / "log")!r}))
            server.wait_until_ready(lambda: "up" in server.log.read_text(), 10)
            print(server.pid, flush=True)
            input()
        """
        command = [sys.executable, "-c", textwrap.dedent(starter)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as demo:
            assert demo.stdout is not None
            pid = int(demo.stdout.readline())
            demo.send_signal(signal.SIGKILL)

        wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_server_that_ends_at_once_is_reported_with_its_last_words(tmp_path):
    """Nobody waits for the time limit, and the log is quoted."""
    server = Server("The server", [sys.executable, "-c", "import sys; sys.exit('no port for me')"], tmp_path / "log")

    with pytest.raises(DemoFailed, match=r"The server ended with exit code 1.\nIts last lines:\nno port for me"):
        server.wait_until_ready(lambda: False, 10)
    server.stop()


def test_a_server_that_isnt_ready_in_time_is_reported(tmp_path):
    """With its name and the time that it had."""
    server = started(SLEEPER, tmp_path)

    with pytest.raises(DemoFailed, match="The server isn't ready after 0 s"):
        server.wait_until_ready(lambda: False, 0.05)
    server.stop()


def test_ports():
    """A port somebody listens on isn't free; the one that is handed out is."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert not port_is_free(taken.getsockname()[1])
    assert port_is_free(free_port())
