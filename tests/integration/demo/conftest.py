import asyncio
import threading
from collections.abc import Iterator

import pytest

from connect.demo.broker.server import Broker


@pytest.fixture
def bootstrap() -> Iterator[str]:
    """The address of a broker that lives for one test, in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    broker = Broker()
    host, port = asyncio.run_coroutine_threadsafe(broker.start(), loop).result(5)
    yield f"{host}:{port}"
    asyncio.run_coroutine_threadsafe(broker.stop(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()
