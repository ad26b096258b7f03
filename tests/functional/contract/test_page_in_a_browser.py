"""GET /api/docs in a real browser: the whole contract is there, and nothing comes from elsewhere."""

import re
from pathlib import Path

from tests.support import contract
from tests.support.browser import run
from tests.support.orders import OrderingShop
from tests.support.wsgi import Application, served

_FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--virtual-time-budget=8000",
    "--window-size=1280,2000",
)


def test_the_page_shows_every_operation(shop: OrderingShop, tmp_path: Path) -> None:
    application = Application(shop)
    with served(application) as address:
        dom = run(tmp_path, f"{address}/api/docs", "--dump-dom", *_FLAGS)

    page = re.sub(r"<(script|style)>.*?</\1>", "", dom, flags=re.DOTALL)
    shown = set(re.findall(r'id="operations-(?!tag-)[a-z]+-(\w+)"', page))
    expected = {
        operation["operationId"]
        for methods in contract.document()["paths"].values()
        for operation in methods.values()
    }
    assert shown == expected
    assert "Failed to load" not in page
    assert 'class="errors-wrapper"' not in page
    assert application.asked == ["GET /api/docs", "GET /api/openapi.json"]
    assert re.findall(r'src="(https?://[^"]+)"', page) == []
