"""The collector of cycles is off meanwhile, and afterwards as it was."""

import gc

import pytest

from harness.machine.garbage import no_collection


def test_it_is_off_inside_and_on_again_after() -> None:
    assert gc.isenabled()
    with no_collection():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_on_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="inside"), no_collection():
        raise ValueError("inside")
    assert gc.isenabled()


def test_where_it_was_off_it_stays_off() -> None:
    with no_collection():
        with no_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()
