"""The schema, the price lists and the queues that a release expects."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shop.adapters.postgres.migrations import migrate
from shop.adapters.postgres.price_files import load
from shop.adapters.postgres.roles import make_application_role
from shop.adapters.rabbitmq.topology import declare, retire
from shop.bootstrap import Settings, address, credentials, part


class Schema:
    """Changes servers to what this release expects; each method is safe to repeat.

    Parameters
    ----------
    settings : Settings
        With the credentials of the database's owner, and the folder of migrations and price lists.
    """

    def __init__(self, settings: Settings) -> None:
        self._database_url = address(
            "database_url", settings.database_url, settings.database_secret
        )
        self._rabbitmq_url = address(
            "rabbitmq_url", settings.rabbitmq_url, settings.rabbitmq_secret
        )
        self._application_secret = settings.application_secret
        self._folder = Path(settings.infrastructure_folder)

    def migrate(self) -> list[str]:
        """Apply pending migrations and return their names; give the application's role its rights."""
        applied = migrate(self._database_url, self._folder / "migrations")
        if secret := self._application_secret:
            name, password = credentials("{username}", secret), credentials("{password}", secret)
            make_application_role(self._database_url, name, password)
        return applied

    def load_prices(
        self,
        templates: Mapping[str, Mapping[str, Any]],
        parameters: Mapping[str, Mapping[str, str]],
    ) -> list[str]:
        """Load price lists and the floor of these templates; return the lists that are new."""
        url, folder = self._database_url, self._folder / "pricing"
        return load(url, folder, templates, parameters)

    def declare_queues(self) -> tuple[list[str], list[str]]:
        """Declare exchanges and queues; return the queues, and the retired ones that were kept."""
        url = self._rabbitmq_url
        return declare(url), retire(url)


@part
def schema(settings: Settings) -> Schema:
    """What a deployment changes."""
    return Schema(settings)
