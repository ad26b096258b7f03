"""What AWS bills for an Express execution, which LocalStack leaves out of StartSyncExecution's answer.

Duration is billed in steps of 100 ms, memory in chunks of 64 MB (https://aws.amazon.com/step-functions/pricing/).
The memory of an execution depends on its definition and data; one of a few kilobytes takes the first chunk.
"""

import math

from localstack.aws.api.stepfunctions import BillingDetails, StartSyncExecutionOutput
from localstack.services.stepfunctions.backend.execution import SyncExecution

_DURATION_STEP_MS = 100
_MEMORY_CHUNK_MB = 64
_original = SyncExecution.to_start_sync_execution_output


def apply() -> None:
    """Apply the change."""
    SyncExecution.to_start_sync_execution_output = _answer  # type: ignore[method-assign, assignment]


def _answer(execution: SyncExecution) -> StartSyncExecutionOutput:
    answer = _original(execution)
    lasted = (answer["stopDate"] - answer["startDate"]).total_seconds() * 1000
    answer["billingDetails"] = BillingDetails(
        billedDurationInMilliseconds=billed_ms(lasted), billedMemoryUsedInMB=_MEMORY_CHUNK_MB
    )
    return answer


def billed_ms(lasted_ms: float) -> int:
    """Round a duration up to what is billed.

    Examples
    --------
    >>> billed_ms(0.0), billed_ms(100.0), billed_ms(100.1)
    (100, 100, 200)
    """
    return max(1, math.ceil(lasted_ms / _DURATION_STEP_MS)) * _DURATION_STEP_MS
