import json
import logging

import pytest

from shop import observability


def test_a_module_that_only_uses_logging_writes_structured_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    observability.logger.cache_clear()
    observability.logger().append_keys(order_id="42")
    logging.getLogger("shop.services.anything").info("it %s", "works")
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    observability.logger().remove_keys(["order_id"])
    assert (line["message"], line["order_id"], line["level"]) == ("it works", "42", "INFO")


def test_a_metric_is_one_line_of_emf(capsys: pytest.CaptureFixture[str]) -> None:
    observability.metric("CacheHits", 2, unit="Count", cache="products")
    line = json.loads(capsys.readouterr().out)
    assert line["CacheHits"] == 2
    assert line["cache"] == "products"
    definition = line["_aws"]["CloudWatchMetrics"][0]
    assert definition["Metrics"] == [{"Name": "CacheHits", "Unit": "Count"}]
    assert definition["Dimensions"] == [["cache"]]
