"""Secrets, which settings refer to instead of containing them.

A setting such as ``postgresql://{username}:{password}@host/shop`` has a placeholder for each member of the
secret that its companion setting names. Without placeholders no secret is read, as on the local stack.
"""

import logging
import re
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final, Protocol
from urllib.parse import quote

from shop.bootstrap.settings import SettingsError
from shop.domain.errors import DependencyUnavailable

_log = logging.getLogger(__name__)

#: Seconds after which a rotated secret is used by every execution environment.
TIME_TO_LIVE_SECONDS: Final = 300
_PLACE: Final = re.compile(r"\{(\w+)\}")


class SecretSource(Protocol):
    """Where secrets are kept."""

    def read(self, name: str, max_age_seconds: int) -> Mapping[str, str]:
        """Give the members of a secret; raise `DependencyUnavailable` if that is not possible."""
        ...


def _secrets_manager() -> SecretSource:
    # boto3 takes 145 ms, which functions without secrets would wait for.
    from shop.adapters.aws.secrets import SecretsManager  # noqa: PLC0415

    return SecretsManager()


class Secrets:
    """The secrets that one execution environment has read.

    Parameters
    ----------
    source : callable, optional
        Makes the source when the first secret is read.
    clock : callable, optional
        Seconds.
    """

    def __init__(
        self,
        source: Callable[[], SecretSource] = _secrets_manager,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._make = source
        self._source: SecretSource | None = None
        self._clock = clock
        self._read_at = 0.0
        self._known: dict[str, Mapping[str, str]] = {}

    def fill(self, text: str, secret: str) -> str:
        """Put the members of a secret into the places of a setting.

        Parameters
        ----------
        secret : str
            Its name; may be empty if the text has no places.

        Raises
        ------
        SettingsError
            If no secret is named, or it lacks a member.
        DependencyUnavailable
            If the secret cannot be read.
        """
        places = _PLACE.findall(text)
        if not places:
            return text
        if not secret:
            raise SettingsError({text: f"{text} has places for a secret, and no setting names one"})
        if secret not in self._known:
            self._known[secret] = self._read(secret)
            self._read_at = self._clock()
        members = self._known[secret]
        if missing := [place for place in places if place not in members]:
            raise SettingsError({secret: f"the secret {secret} has no member {', '.join(missing)}"})
        # Only addresses have more than the place; a key alone is not quoted.
        encode = "://" in text
        return _PLACE.sub(
            lambda place: quote(members[place[1]], safe="") if encode else members[place[1]], text
        )

    def rotated(self) -> bool:
        """Read known secrets again once they are old; return whether one has changed.

        While that is not possible the known ones are used, which servers accept unless they were rotated.
        """
        if not self._known or self._clock() - self._read_at < TIME_TO_LIVE_SECONDS:
            return False
        self._read_at = self._clock()
        try:
            fresh = {name: self._read(name) for name in self._known}
        except DependencyUnavailable as error:
            _log.warning("secrets are not read again: %s", error.detail)
            return False
        changed = fresh != self._known
        self._known = fresh
        return changed

    def _read(self, name: str) -> Mapping[str, str]:
        if self._source is None:
            self._source = self._make()
        return self._source.read(name, TIME_TO_LIVE_SECONDS)
