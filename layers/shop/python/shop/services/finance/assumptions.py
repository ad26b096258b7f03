"""What the figures assume, in the words in which every report says it."""

from typing import Final

from shop.domain.costs import PriceList
from shop.services.finance.refresh import ELSEWHERE

LIST_PRICES: Final = (
    "Every amount is at AWS's on-demand list price of the first billed tier. Free tiers, volume discounts,"
    " savings plans and taxes are left out: an account that is still within its free tiers pays less."
)
NOT_ITEMISED: Final = (
    "Not included: data transfer, bytes through the NAT gateway and CloudFront, requests inspected by the"
    " firewall, storage beyond the declared disks, and the servers' own logs."
)
BROKER: Final = (
    "RabbitMQ is billed by broker-hour: a message has no price. The number of messages is an allocation key"
    " by which the broker's hours can be shared out."
)


def confirmation(prices: PriceList) -> str:
    """Say how many of AWS's prices its Price List API has confirmed, and what the others are."""
    of_aws = [price for key, price in prices.prices.items() if key not in ELSEWHERE]
    rest = [price for price in of_aws if not price.confirmed]
    count = f"{len(of_aws) - len(rest)} of {len(of_aws)}"
    said = f"{count} prices of list {prices.version} are confirmed by the AWS Price List API."
    if not rest:
        return said
    first, last = min(price.dated for price in rest), max(price.dated for price in rest)
    when = f"{first}" if first == last else f"{first} to {last}"
    return f"{said} The others are figures of AWS's public pricing pages as of {when}, entered by hand."
