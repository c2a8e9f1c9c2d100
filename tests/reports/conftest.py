"""Runs told of by hand, as the tests of tracking do."""

from tests.tracking.conftest import database, measure, root, settings, tracked, train

__all__ = ["database", "measure", "root", "settings", "tracked", "train"]
