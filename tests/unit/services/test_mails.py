"""Amounts in e-mails."""

import pytest

from shop.services.notifications import mails
from tests.support.builders import an_order


@pytest.mark.parametrize(("included", "label"), [(False, "Tax"), (True, "Tax included")])
@pytest.mark.parametrize(
    ("currency", "shown"), [("USD", "11.90 USD"), ("JPY", "1,190 JPY"), ("KWD", "1.190 KWD")]
)
def test_amounts_have_the_decimals_of_the_order_s_currency(
    included: bool, label: str, currency: str, shown: str
) -> None:
    """A22, A23: vendure #3047, woocommerce-gateway-stripe #2720."""
    order = an_order(
        currency=currency,
        tax_minor=190,
        total_minor=1190,
        prices_include_tax=included,
        shipping_address={"name": "Ada"},
    )
    table = dict(
        line.strip().split("  ", 1)
        for line in mails.order_confirmed(order).text.splitlines()
        if line.startswith("  ")
    )
    assert table["Total"].strip() == shown
    assert label in table
