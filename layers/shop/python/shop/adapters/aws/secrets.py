"""AWS Secrets Manager, read through Powertools' cache."""

from typing import Any

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import (
    GetParameterError,
    TransformParameterError,
)
from botocore.config import Config

from shop.domain.errors import DependencyUnavailable
from shop.observability import secret_requested


class SecretsManager:
    """Reads secrets that are JSON objects.

    Parameters
    ----------
    client : boto3 client, optional
        One of the function's own region by default.
    """

    def __init__(self, client: Any = None) -> None:
        options = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard"})
        self._provider = SecretsProvider(
            boto3_client=client, boto_config=None if client else options
        )
        # Of every attempt, and of none that the cache answers.
        self._provider.client.meta.events.register(
            "before-send.secrets-manager.GetSecretValue", _count, unique_id="shop"
        )

    def read(self, name: str, max_age_seconds: int) -> dict[str, str]:
        """Give the members of a secret.

        Parameters
        ----------
        name : str
            Its ARN.
        max_age_seconds : int
            How old a copy may be.

        Raises
        ------
        DependencyUnavailable
            If Secrets Manager does not answer, refuses, or the secret is no JSON object.
        """
        try:
            found: Any = self._provider.get(name, max_age=max_age_seconds, transform="json")
        except (GetParameterError, TransformParameterError) as error:
            # The message of the cause may quote the secret.
            raise DependencyUnavailable("secrets manager", type(error).__name__) from None
        return {key: str(value) for key, value in found.items()}


def _count(**_event: Any) -> None:
    secret_requested()
