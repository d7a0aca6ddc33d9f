"""All cases by name, in the order of the report."""

from __future__ import annotations

from benchmarks.alone.tables import TABLES
from benchmarks.case import Case, Table
from benchmarks.cases import avro, elasticsearch, filestream, mqtt, mysql, rebalance, runtime, spooldir, syslog

_MODULES = (filestream, spooldir, mysql, elasticsearch, avro, syslog, mqtt, rebalance)
CASES: dict[str, Case | Table] = {
    case.name: case for case in (*runtime.CASES, *(case for module in _MODULES for case in module.CASES), *TABLES)
}
