"""What is deployed where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shop.entrypoints.commands.templates import read_template

CHECKOUT: Final = Path(__file__).resolve().parents[3]
INFRASTRUCTURE: Final = CHECKOUT / "infra"


@dataclass(frozen=True, slots=True)
class Target:
    """What is deployed where.

    Attributes
    ----------
    parameters : mapping
        Further parameters of the templates, which come before those found.
    older : bool
        Whether an older release is deployed again: the schema stays as it is.
    """

    stage: str
    preset: str
    region: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    older: bool = False

    @property
    def data(self) -> str:
        """Name of the stack of the data plane."""
        return f"shop-{self.stage}-data"

    @property
    def schema(self) -> str:
        """Name of the stack of platform/migrate."""
        return f"shop-{self.stage}-schema"

    @property
    def application(self) -> str:
        """Name of the application's stack."""
        # Letters and digits: the dashboards search functions by it.
        return f"shop{self.stage}"

    @property
    def observability(self) -> str:
        """Name of the stack of dashboards and alarms."""
        return f"shop-{self.stage}-observability"

    @property
    def searches(self) -> bool:
        """Whether this preset has a search domain."""
        presets = read_template(INFRASTRUCTURE / "data.yaml")["Mappings"]["Presets"]
        return bool(presets[self.preset]["Search"] == "yes")
