"""Runs the schedules of EventBridge Scheduler, and those of EventBridge rules on time.

LocalStack stores the schedules of EventBridge Scheduler and does nothing with them, and runs the schedules of
rules up to a minute early. Both are served here by one thread. Runs that were missed while the machine was
suspended are made up once.
"""

import json
import logging
import re
import sys
import threading
import time
import uuid
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to
from localstack.services.events.scheduler import Job, JobScheduler

from shop_localstack.expressions import ExpressionError, next_time

LOG = logging.getLogger(__name__)
TICK_SECONDS = 0.5


@dataclass(frozen=True)
class Schedule:
    """A schedule that is switched on.

    Attributes
    ----------
    key
        Changes when the schedule does.
    fire
        Called with the time it was due at, in seconds since the epoch.
    start, end
        The schedule is at rest before and after, in seconds since the epoch.
    """

    key: Hashable
    expression: str
    timezone: str
    start: float
    end: float
    fire: Callable[[float], None]


@dataclass
class _State:
    due: float | None
    fired: bool = False


@dataclass
class Alarm:
    """Decides which schedules are due; independent of LocalStack and of the clock."""

    _states: dict[Hashable, _State] = field(default_factory=dict)

    def due(self, schedules: list[Schedule], now: float) -> list[tuple[Schedule, float]]:
        """Return the schedules to fire now, each once, with the times they were due at."""
        states, firing = {}, []
        for schedule in schedules:
            state = self._states.get(schedule.key)
            if state is None:
                state = _State(self._next(schedule, max(now, schedule.start), False))
            if state.due is not None and state.due <= now:
                firing.append((schedule, state.due))
                state = _State(self._next(schedule, now, True), fired=True)
            states[schedule.key] = state
        self._states = states
        return firing

    @staticmethod
    def _next(schedule: Schedule, after: float, fired: bool) -> float | None:
        try:
            due = next_time(schedule.expression, schedule.timezone, schedule.start, after, fired)
        except ExpressionError as error:
            LOG.error("Schedule %s never fires: %s", schedule.key, error)  # noqa: TRY400
            return None
        return due if due is not None and due < schedule.end else None


def _scheduler_schedules() -> Iterator[Schedule]:
    models = sys.modules.get("moto.scheduler.models")
    if models is None:  # the service has not been used yet
        return
    for account in list(models.scheduler_backends.values()):
        for backend in list(account.values()):
            for group in list(backend.schedule_groups.values()):
                for found in list(group.schedules.values()):
                    if found.state == "ENABLED":
                        yield _scheduler_schedule(backend, group, found)


def _scheduler_schedule(backend: Any, group: Any, found: Any) -> Schedule:
    def fire(due: float) -> None:
        run_target(backend.account_id, backend.region_name, found, due)
        once = found.schedule_expression.startswith("at(")
        if once and found.action_after_completion == "DELETE":
            group.schedules.pop(found.name, None)

    return Schedule(
        key=(found.arn, found.schedule_expression, found.last_modified_date),
        expression=found.schedule_expression,
        timezone=found.schedule_expression_timezone,
        start=_epoch(found.start_date) or found.last_modified_date,
        end=_epoch(found.end_date) or float("inf"),
        fire=fire,
    )


def _epoch(value: Any) -> float | None:
    if value in (None, ""):
        return None
    try:
        return float(value)
    except ValueError:
        return datetime.fromisoformat(str(value)).timestamp()


def _rule_schedules() -> Iterator[Schedule]:
    for job in list(JobScheduler.instance().jobs):
        if job.is_enabled is True or job.is_enabled == "ENABLED":
            yield Schedule(
                key=job.job_id,
                # Rules hold rates as cron expressions of five fields.
                expression=f"cron({job.schedule}{' *' if job.schedule.count(' ') == 4 else ''})",
                timezone="UTC",
                start=0.0,
                end=float("inf"),
                fire=partial(_run_job, job),
            )


def _run_job(job: Job, _due: float) -> None:
    job.job_func()


def run_target(account: str, region: str, schedule: Any, due: float) -> None:
    """Call the target of an EventBridge Scheduler schedule."""
    aws = connect_to(region_name=region, aws_access_key_id=account)
    arn: str = schedule.target["Arn"]
    at = datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = _payload(schedule, account, region, at)
    service = arn.split(":")[2]
    try:
        if service == "lambda":
            aws.lambda_.invoke(FunctionName=arn, InvocationType="Event", Payload=text)
        elif service == "states":
            aws.stepfunctions.start_execution(stateMachineArn=arn, input=text)
        elif service == "sqs":
            url = aws.sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[1])["QueueUrl"]
            aws.sqs.send_message(QueueUrl=url, MessageBody=text)
        else:
            LOG.error("Schedule %s: the target %s is not supported", schedule.name, arn)
    except (ClientError, BotoCoreError) as error:
        LOG.warning("Schedule %s could not call %s: %s", schedule.name, arn, error)


def _payload(schedule: Any, account: str, region: str, at: str) -> str:
    given: str | None = schedule.target.get("Input")
    if not given:
        return json.dumps(
            {
                "version": "0",
                "id": str(uuid.uuid4()),
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": account,
                "time": at,
                "region": region,
                "resources": [schedule.arn],
                "detail": "{}",
            }
        )
    values = {
        "schedule-arn": schedule.arn,
        "scheduled-time": at,
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    return re.sub(r"<aws\.scheduler\.([\w-]+)>", lambda m: values.get(m[1], m[0]), given)


def _loop() -> None:
    alarm = Alarm()
    pool = ThreadPoolExecutor(8, thread_name_prefix="schedule")
    while True:
        time.sleep(TICK_SECONDS)
        schedules = [*_scheduler_schedules(), *_rule_schedules()]
        for schedule, due in alarm.due(schedules, time.time()):
            pool.submit(_fire, schedule, due)


def _fire(schedule: Schedule, due: float) -> None:
    try:
        schedule.fire(due)
    except Exception:
        LOG.exception("Schedule %s failed", schedule.key)


def start() -> None:
    """Start running schedules; LocalStack's own loop for rules is disabled."""
    JobScheduler.loop = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=_loop, name="schedules", daemon=True).start()
