"""The fake of Stripe (``tools/stripe_fake``)."""

import urllib.request
from typing import override

from shop_local.paths import PYTHON, TOOLS
from shop_local.services.base import Command, Service


class Stripe(Service):
    """Takes payments with Stripe's test cards and sends signed webhooks."""

    name = "stripe"
    title = "Stripe (fake)"
    setting = "SHOP_STRIPE_URL"

    @override
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @override
    def settings(self) -> dict[str, str]:
        return super().settings() | {
            "SHOP_STRIPE_KEY": "sk_test_laptop",
            "SHOP_STRIPE_WEBHOOK_SECRET": f"whsec_{self.state.secrets['stripe_webhook']}",
        }

    @override
    def command(self) -> Command:
        return Command(
            [
                PYTHON,
                "-m",
                "stripe_fake",
                "--port",
                str(self.port),
                "--state",
                self.state.data_of(self.name) / "state.sqlite",
            ],
            {
                "PYTHONPATH": str(TOOLS / "stripe_fake"),
                "STRIPE_WEBHOOK_SECRET": self.settings()["SHOP_STRIPE_WEBHOOK_SECRET"],
            },
        )

    @override
    def probe(self) -> None:
        urllib.request.urlopen(f"{self.url()}/_fake/health", timeout=2).close()
