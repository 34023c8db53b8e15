"""Fixtures for pytest: each gives a function that starts a peer, ends all of them after the test, and fails the test when
a step was not followed or a MUST was broken. `peer.allow_failure = True` leaves that to the test."""

from __future__ import annotations

from typing import Any, Callable, Iterator

import pytest

from . import NotAsScripted, Peer, play, tap


def _factory(make: Callable[..., Peer]) -> Iterator[Callable[..., Peer]]:
    peers: list[Peer] = []

    def start(*arguments: Any, **named: Any) -> Peer:
        peers.append(make(*arguments, **named))
        return peers[-1]

    yield start
    for peer in peers:
        peer.stop()
    for peer in peers:
        if peer.verdict.get("result") != "ok" and not getattr(peer, "allow_failure", False):
            raise NotAsScripted(peer.why())


@pytest.fixture
def touchstone_play() -> Iterator[Callable[..., Peer]]:
    yield from _factory(play)


@pytest.fixture
def touchstone_tap() -> Iterator[Callable[..., Peer]]:
    yield from _factory(tap)
