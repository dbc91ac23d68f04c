import pytest

from izbaku import freshness


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """Each test begins with no page kept."""
    freshness.forget()
