"""The monthly floor of each size in which infra/data.yaml can be deployed."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from shop.domain.costs import PriceList, total
from shop.entrypoints.commands.templates import read_template
from shop.services.finance.floor import floor
from shop_local.paths import INFRASTRUCTURE

_DATA = "data.yaml"


class PresetFloor(Struct, frozen=True):
    """A size, and what it costs a month without any request."""

    preset: str
    monthly_amount: Decimal


def preset_floors(prices: PriceList) -> Sequence[PresetFloor]:
    """Price what the templates declare, for each preset.

    Raises
    ------
    FloorError
        If a type of resource is not known, or its size is not.
    PriceMissing
        If a price is.
    """
    templates = {path.name: read_template(path) for path in sorted(INFRASTRUCTURE.glob("*.yaml"))}
    return [
        PresetFloor(
            preset,
            total(
                item.monthly_amount
                for item in floor(templates, prices, {_DATA: {"Preset": preset}})
            ),
        )
        for preset in templates[_DATA]["Parameters"]["Preset"]["AllowedValues"]
    ]
