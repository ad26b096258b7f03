"""What the shop answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast


class UnexpectedAnswer(Exception):
    """The shop returned a status other than the expected one."""


@dataclass(frozen=True, slots=True)
class Answer[T]:
    """An answer whose body, if it is a success, has a type.

    Attributes
    ----------
    request : str
        Method and path.
    headers : mapping
        By names in lower case.
    """

    request: str
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body, decoded; of a problem, too."""
        return json.loads(self.text)

    def expect(self, status: int = 200) -> T:
        """Return the body of an answer of this status.

        Raises
        ------
        UnexpectedAnswer
            The status is another; the message holds the answer.
        """
        if self.status != status:
            raise UnexpectedAnswer(f"{self.request}: {self.status}, not {status}: {self.text}")
        if not self.text:
            return cast("T", None)
        kind = self.headers.get("content-type", "").partition(";")[0]
        return cast("T", json.loads(self.text) if kind == "application/json" else self.text)
