"""LocalStack's assignment of Lambda calls to environments, bounded by ``slots``.

LocalStack starts an environment for every call that finds none idle: 200 simultaneous buyers would
start 600 processes. ``AssignmentService.get_environment`` handles every call.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator

from localstack import config
from localstack.aws.api.lambda_ import TooManyRequestsException
from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.execution_environment import (
    ExecutionEnvironment,
    InvalidStatusException,
    RuntimeStatus,
)
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InitializationType

from shop_localstack.settings import SETTINGS
from shop_localstack.slots import NoRoomError, Slots, Ticket

LOG = logging.getLogger(__name__)
REAP_SECONDS = 5.0

SLOTS: Slots[ExecutionEnvironment] = Slots(SETTINGS.max_environments, SETTINGS.max_per_function)

_get_environment: Callable[..., contextlib.AbstractContextManager[ExecutionEnvironment]] = (
    AssignmentService.get_environment
)
_stop_environments_for_version: Callable[[AssignmentService, str], None] = (
    AssignmentService.stop_environments_for_version
)


@contextlib.contextmanager
def get_environment(
    service: AssignmentService,
    version_manager_id: str,
    function_version: FunctionVersion,
    provisioning_type: InitializationType,
) -> Iterator[ExecutionEnvironment]:
    """Assign an environment to one call, waiting for one if the pool is full.

    Raises
    ------
    TooManyRequestsException
        The time limit of the wait is over.
    """
    if provisioning_type is not InitializationType.on_demand:
        with _get_environment(
            service, version_manager_id, function_version, provisioning_type
        ) as environment:
            yield environment
        return
    limit = max(function_version.config.timeout, SETTINGS.queue_seconds)
    try:
        ticket = SLOTS.acquire(version_manager_id, limit)
    except NoRoomError as error:
        raise TooManyRequestsException(
            f"Rate Exceeded: {error}",
            Reason="ConcurrentInvocationLimitExceeded",
            Type="User",
        ) from error
    environment = _enter(service, ticket, version_manager_id, function_version)
    try:
        yield environment
    except BaseException:
        _end(environment)
        SLOTS.lost(version_manager_id)
        raise
    if not _park(environment):  # LocalStack stopped it during the call
        SLOTS.lost(version_manager_id)
    elif not SLOTS.release(version_manager_id, environment):
        _end(environment)


def _enter(
    service: AssignmentService,
    ticket: Ticket[ExecutionEnvironment],
    version_manager_id: str,
    function_version: FunctionVersion,
) -> ExecutionEnvironment:
    for evicted in ticket.evicted:
        _end(evicted)
    if ticket.environment is not None:
        try:
            ticket.environment.reserve()
        except InvalidStatusException:  # LocalStack has just stopped it; its slot is free
            LOG.debug("Environment %s was stopped while idle", ticket.environment.id)
        else:
            return ticket.environment
    try:
        environment = service.start_environment(version_manager_id, function_version)
        service.environments[version_manager_id][environment.id] = environment
        environment.reserve()
    except BaseException:
        SLOTS.lost(version_manager_id)
        raise
    return environment


def _park(environment: ExecutionEnvironment) -> bool:
    # ExecutionEnvironment.release() would start a timer thread after every call.
    with environment.status_lock:
        if environment.status is not RuntimeStatus.INVOKING:
            return False
        environment.status = RuntimeStatus.READY
        return True


def _end(environment: ExecutionEnvironment) -> None:
    with contextlib.suppress(InvalidStatusException):  # it is stopped already
        environment.stop()
    with contextlib.suppress(KeyError):  # LocalStack has removed it
        environment.on_timeout(environment.version_manager_id, environment.id)


def stop_environments_for_version(service: AssignmentService, version_manager_id: str) -> None:
    """End all environments of a version that was replaced or deleted."""
    SLOTS.close(version_manager_id)
    _stop_environments_for_version(service, version_manager_id)
    service.environments.pop(version_manager_id, None)


def _reap() -> None:
    while True:
        time.sleep(REAP_SECONDS)
        for environment in SLOTS.expired(config.LAMBDA_KEEPALIVE_MS / 1000):
            _end(environment)


def apply() -> None:
    """Put the pool in place."""
    AssignmentService.get_environment = get_environment  # type: ignore[method-assign, assignment]
    AssignmentService.stop_environments_for_version = (  # type: ignore[method-assign]
        stop_environments_for_version  # type: ignore[assignment]
    )
    threading.Thread(target=_reap, name="lambda-reaper", daemon=True).start()
