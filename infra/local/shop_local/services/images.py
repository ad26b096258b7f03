"""Serves the pictures of the seeded products, as CloudFront does on AWS."""

import urllib.error
import urllib.request
from typing import override

from shop_local.paths import CHECKOUT, PYTHON, SHOP_LAYER
from shop_local.services.base import Command, Service


class Images(Service):
    """A static file server over the folder into which the seed draws."""

    name = "images"
    title = "Images"
    setting = "SHOP_IMAGES_URL"

    @override
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @override
    def command(self) -> Command:
        return Command(
            [
                PYTHON, "-c", "from shop_local.seed.static_server import main; main()",
                "--port", str(self.port), "--root", self.state.data_of(self.name),
            ],
            {"PYTHONPATH": f"{SHOP_LAYER}/python:{CHECKOUT}/infra/local"},
        )  # fmt: skip

    @override
    def probe(self) -> None:
        request = urllib.request.Request(f"{self.url()}/", method="HEAD")
        try:
            urllib.request.urlopen(request, timeout=2).close()
        except urllib.error.HTTPError:
            return  # it answers; there is nothing at its root
