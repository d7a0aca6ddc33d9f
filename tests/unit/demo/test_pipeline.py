import io
import json
import shlex
from pathlib import Path

import pytest
from rich.console import Console

from connect.demo.pipeline import Folders, sink_connector, source_connector, worker_properties
from connect.demo.report import airline_table, curl_commands


def test_every_column_of_the_file_has_a_type(tmp_path):
    """Numbers are INT32, texts STRING, and all may be missing."""
    columns = (
        "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,flight,tailnum,"
        "origin,dest,air_time,distance,hour,minute,time_hour"
    )
    config = source_connector(Folders(tmp_path))["config"]

    fields = json.loads(config["value.schema"])["fieldSchemas"]
    assert set(fields) == set(columns.split(","))
    assert fields["dep_delay"] == {"type": "INT32", "isOptional": True}
    assert fields["tailnum"] == {"type": "STRING", "isOptional": True}
    assert set(json.loads(config["key.schema"])["fieldSchemas"]) < set(fields)


def test_configs_are_texts(tmp_path):
    """As Kafka Connect wants them."""
    for connector in (source_connector(Folders(tmp_path)), sink_connector("http://localhost:9200")):
        assert all(isinstance(value, str) for value in connector["config"].values())


def test_the_worker_listens_on_this_machine_only():
    """On 127.0.0.1, at the port that was asked for."""
    lines = worker_properties("127.0.0.1:9092", 8083).splitlines()

    assert "listeners=http://127.0.0.1:8083" in lines
    assert "bootstrap.servers=127.0.0.1:9092" in lines


def test_the_table_shows_the_latest_airline_first():
    """Names for codes, flights that never left counted, an average that doesn't exist left out."""
    buckets = [
        {"key": "UA", "doc_count": 1200, "departed": {"value": 1150}, "delay": {"value": 8.26}},
        {"key": "XX", "doc_count": 1, "departed": {"value": 0}, "delay": {"value": None}},
        {"key": "EV", "doc_count": 10, "departed": {"value": 10}, "delay": {"value": 24.2}},
    ]
    output = io.StringIO()

    Console(file=output, width=100).print(
        airline_table({"aggregations": {"airlines": {"buckets": buckets}}}, {"UA": "United"})
    )

    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.getvalue().splitlines() if "│" in line]
    assert rows == [["EV", "10", "0", "24.2 min"], ["United", "1,200", "50", "8.3 min"], ["XX", "1", "1", ""]]


@pytest.mark.parametrize("position", range(8))
def test_the_commands_are_ready_for_a_shell(position):
    """Each is one command of curl; the connector files are passed by name."""
    files = [Path("/tmp/a b/flights-source.json"), Path("/tmp/a b/flights-sink.json")]
    commands = curl_commands("http://localhost:8083", "http://127.0.0.1:9200", files)

    words = shlex.split(commands[position])
    assert words[:2] == ["curl", "-s"]
    assert words[-1].startswith(("http://localhost:8083/connectors", "http://127.0.0.1:9200/flights"))
    if position < 2:
        assert f"@{files[position]}" in words
