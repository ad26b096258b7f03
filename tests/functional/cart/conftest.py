"""A guest with a cart."""

import pytest

from tests.support.containers import Container
from tests.support.people import token_of


@pytest.fixture
def token(container: Container) -> str:
    """The token of a guest's session."""
    return token_of(container)
