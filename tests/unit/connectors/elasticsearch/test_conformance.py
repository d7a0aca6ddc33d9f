"""The Elasticsearch sink keeps the promises that the kit for authors checks, at the demo's search server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests

from connect.testing import SinkConformance
