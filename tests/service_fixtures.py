"""The service over real HTTP, a world of its own for each test that asks."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine

from salw.access.factors.rules import Party
from salw.core.db import make_engine
from salw.core.ids import random_bytes
from salw.core.settings import FACTOR_KEY_BYTES
from salw.main import create_app
from world import World, build_world

# The service of the tests speaks plain HTTP: a client that reads every authority's certificate first takes 20 ms.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def make_service(urls: Mapping[str, str]) -> FastAPI:
    """Return the service on these databases, with a key of second factors that it alone knows."""
    return create_app(urls, Party("http://localhost:8000", random_bytes(FACTOR_KEY_BYTES)))


class Server(uvicorn.Server):
    """uvicorn in a thread of the test process, on a port that the system chose."""

    def install_signal_handlers(self) -> None:
        """Leave signals to pytest."""


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """Serve an application until the end of the block, and return its address."""
    server = Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def service(urls: Mapping[str, str]) -> Iterator[str]:
    """Return the address of the service on this worker's database."""
    with running(make_service(urls)) as address:
        yield address


@pytest.fixture(scope="session")
def app_engine(urls: Mapping[str, str]) -> Iterator[Engine]:
    """Return an engine that connects as `salw_app`, never as owner."""
    engine = make_engine(urls["salw_app"])
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def owner_engine(urls: Mapping[str, str]) -> Iterator[Engine]:
    """Return an engine of the migrator, for looking at what the app may not see."""
    engine = make_engine(urls["salw_migrator"])
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def sequencer_engine(urls: Mapping[str, str]) -> Iterator[Engine]:
    """Return an engine of the sequencer."""
    engine = make_engine(urls["salw_sequencer"])
    yield engine
    engine.dispose()


@pytest.fixture
def client(service: str) -> Iterator[httpx.Client]:
    """Return an HTTP client on `/v1` of the service that remembers no cookie."""
    with httpx.Client(base_url=service + "/v1", timeout=30, verify=NO_CERTIFICATES) as client:
        yield client


@pytest.fixture
def world(app_engine: Engine) -> World:
    """Return a small army of Burkina Faso, new for this test."""
    return build_world(app_engine)


@pytest.fixture
def new_world(app_engine: Engine) -> Callable[[str], World]:
    """Return the way to build a small army of a country."""
    return lambda country: build_world(app_engine, country)
