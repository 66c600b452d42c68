"""One store and one server per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.chat_server import ChatServer, serving

from harness.machine.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "cache")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """A running server; the environment has its URL and key."""
    with serving() as chat:
        for name, value in chat.environment.items():
            monkeypatch.setenv(name, value)
        yield chat
