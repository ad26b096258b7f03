"""Schedules of rules and of EventBridge Scheduler fire."""

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.localstack.conftest import Deployed
from tests.support.waiting import eventually


def fired(stack: Deployed, by: str) -> list[dict[str, Any]]:
    return [r for r in stack.records("schedules") if r["value"].get("by") == by]


@pytest.mark.parametrize("by", ["once", "scheduler", "rule"])
def test_every_kind_fires(stack: Deployed, by: str) -> None:
    eventually(lambda: fired(stack, by), what=f"the {by} schedule fires", seconds=150)


def test_none_fires_twice(stack: Deployed) -> None:
    assert len(fired(stack, "once")) == 1
    for by in ("scheduler", "rule"):
        times = [record["at"] for record in fired(stack, by)]
        assert all(later - earlier > 30 for earlier, later in itertools.pairwise(times))


EXPRESSIONS = """
import itertools
import json
from shop_localstack.schedules import Alarm, Schedule

def times(expression, start, moments, timezone="UTC", end=float("inf")):
    alarm, fired = Alarm(), []
    schedule = Schedule("key", expression, timezone, start, end, print)
    for now in moments:
        fired += [(now, due) for _, due in alarm.due([schedule], now)]
    return fired

DAY = 86400
print(json.dumps({
    "rate": times("rate(1 minute)", 1000, range(1000, 1200)),
    "slept": times("rate(1 minute)", 1000, [1000, 1061, 9000, 9001, 9021, 9041]),
    "at": times("at(1970-01-01T01:00:00)", 0, [10, 3599, 3600, 3601, 9999]),
    "at_before_creation": times("at(1970-01-01T01:00:00)", 3700, [3700, 3800]),
    "at_zone": times("at(1970-01-02T01:00:00)", 0, [10, 72000], "Asia/Tokyo"),
    "cron": times("cron(30 2 * * ? *)", 0, [0, 8999, 9000, 9001, DAY, DAY + 9000]),
    "sunday_is_one": times("cron(0 0 ? * 1 *)", 0, [0, 2 * DAY, 3 * DAY, 4 * DAY]),
    "named_days": times("cron(0 0 ? * SUN *)", 0, [0, 2 * DAY, 3 * DAY, 4 * DAY]),
    "ended": times("rate(1 minute)", 0, range(0, 300), end=100),
    "malformed": times("rate(often)", 0, range(0, 300)),
}))
"""


def test_when_schedules_are_due(aws_python: Path) -> None:
    answer = subprocess.run(
        [aws_python, "-c", EXPRESSIONS], capture_output=True, text=True, check=True
    )
    due = json.loads(answer.stdout)
    day = 86400
    assert due["rate"] == [[1060, 1060], [1120, 1120], [1180, 1180]]
    assert due["slept"] == [[1061, 1060], [9000, 1120], [9041, 9040]]
    assert due["at"] == [[3600, 3600]]
    assert due["at_before_creation"] == []
    assert due["at_zone"] == [[72000, 57600]]
    assert due["cron"] == [[9000, 9000], [day + 9000, day + 9000]]
    assert due["sunday_is_one"] == due["named_days"] == [[3 * day, 3 * day]]
    assert due["ended"] == [[60, 60]]
    assert due["malformed"] == []
