"""State machines, as the checkout and the fulfilment of an order use them."""

import json
import uuid
from typing import Any

from tests.integration.localstack.conftest import Deployed
from tests.support.waiting import eventually


def run(stack: Deployed, event: dict[str, Any]) -> tuple[str, Any]:
    answer = stack.machines.start_sync_execution(
        stateMachineArn=stack.outputs["InnerMachine"], input=json.dumps(event)
    )
    return answer["status"], json.loads(answer.get("output", "null"))


def test_an_express_machine_answers_at_once(stack: Deployed) -> None:
    assert run(stack, {"n": 1}) == ("SUCCEEDED", {"done": True, "n": 1})


def test_an_error_is_caught_by_its_own_name(stack: Deployed) -> None:
    status, output = run(stack, {"fail": True})
    assert status == "SUCCEEDED"
    assert output["caught"] == "OutOfStock"
    assert output["cause"]["errorMessage"] == "nothing left"


def test_a_function_reaches_a_machine_by_its_sync_host(stack: Deployed) -> None:
    assert stack.invoke("t-outer", {"n": 2})["Payload"] == {
        "status": "SUCCEEDED",
        "output": {"done": True, "n": 2},
    }


def waiting(stack: Deployed, seconds: int) -> tuple[str, str]:
    """Start the waiting machine from the express one; returns its execution and task token."""
    order = str(uuid.uuid4())
    status, output = run(stack, {"start": order, "order": order, "wait": seconds})
    assert status == "SUCCEEDED"
    (record,) = eventually(
        lambda: [r for r in stack.records("tokens") if r["value"]["order"] == order],
        what=f"order {order} waits",
    )
    arn = output["execution"]["ExecutionArn"]
    assert arn.endswith(f":{order}")
    return arn, record["value"]["token"]


def end_of(stack: Deployed, arn: str) -> str:
    found = eventually(
        lambda: stack.machines.describe_execution(executionArn=arn),
        what=f"{arn} ends",
        until=lambda found: found["status"] != "RUNNING",
    )
    assert found["status"] == "SUCCEEDED"
    end: str = json.loads(found["output"])["end"]
    return end


def test_a_task_token_resumes_with_success(stack: Deployed) -> None:
    arn, token = waiting(stack, 60)
    stack.machines.send_task_success(taskToken=token, output='{"paid":true}')
    assert end_of(stack, arn) == "paid"


def test_a_task_token_resumes_with_failure(stack: Deployed) -> None:
    arn, token = waiting(stack, 60)
    stack.machines.send_task_failure(taskToken=token, error="PaymentFailed", cause="declined")
    assert end_of(stack, arn) == "failed"


def test_a_task_token_is_awaited_no_longer_than_asked(stack: Deployed) -> None:
    arn, _ = waiting(stack, 1)
    assert end_of(stack, arn) == "too late"
