"""The stack behind the API: its commands, servers, functions and messages."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from shop_local import processes, template
from shop_local.deploy import STACK, aws
from shop_local.logs import system_document
from shop_local.paths import CHECKOUT, PYTHON, SHOP_LAYER, TEMPLATE, State
from shop_local.services import SERVICES, RunningServices
from shop_local.stack import load_env
from tests.support.processes import family

_SETTINGS = {"SHOP_OPENSEARCH": "off"}


def run(state: State, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one command of the laptop (``up``, ``down``, ``demo`` …) as `make` does."""
    environment = {
        **os.environ,
        **_SETTINGS,
        "COLUMNS": "120",
        "SHOP_STATE_DIR": str(state.folder),
        "PYTHONPATH": f"{SHOP_LAYER}/python:{CHECKOUT}/infra/local",
    }
    result = subprocess.run(
        [PYTHON, "-m", "shop_local", *arguments],
        env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    if check and result.returncode:
        pytest.fail(f"shop_local {' '.join(arguments)}:\n{result.stdout}{result.stderr}")
    return result


class Stack:
    """A stack that is up.

    Parameters
    ----------
    state : State
        Its folder.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.values = load_env(state)
        self.services = RunningServices(state.folder, SERVICES)

    def processes(self) -> list[psutil.Process]:
        """Every process of the stack."""
        return [
            member
            for record in processes.recorded(self.state)
            if (process := record.process())
            for member in family(process)
        ]

    def query(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Query the database."""
        with psycopg.connect(
            self.values["SHOP_DATABASE_URL"], cursor_factory=psycopg.ClientCursor
        ) as connection:
            cursor = connection.execute(sql.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def stripe(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Use the control API of the Stripe fake."""
        answer = httpx.request(method, f"{self.values['SHOP_STRIPE_URL']}/_fake{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def charges(self, order_id: str) -> list[dict[str, Any]]:
        """Successful charges of an order."""
        found = self.stripe("GET", f"/charges?order_id={order_id}")["data"]
        return [charge for charge in found if charge["status"] == "succeeded"]

    def aws(self, service: str) -> Any:
        """Make a client of LocalStack."""
        return aws(service, self.values["AWS_ENDPOINT_URL"])

    def physical_id(self, logical_id: str) -> str:
        """Return the physical id of a resource."""
        resource = self.aws("cloudformation").describe_stack_resource(
            StackName=STACK, LogicalResourceId=logical_id
        )
        return str(resource["StackResourceDetail"]["PhysicalResourceId"])

    def function(self, title: str) -> str:
        """Name the deployed function of ``<service>/<function>``."""
        return self.physical_id(template.functions(template.read(TEMPLATE))[title])

    def log(self, title: str) -> list[dict[str, Any]]:
        """Structured lines that a function wrote; not those of Lambda itself."""
        path = self.state.logs / "lambda" / f"{self.function(title)}.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [
            json.loads(line)
            for line in lines
            if line.startswith("{") and system_document(line) is None
        ]

    @contextlib.contextmanager
    def environment_of(self, title: str, **changes: str) -> Iterator[None]:
        """Run a function with other settings, as an operator would change them."""
        client, name = self.aws("lambda"), self.function(title)
        before = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

        def update(variables: dict[str, str]) -> None:
            client.update_function_configuration(
                FunctionName=name, Environment={"Variables": variables}
            )
            client.get_waiter("function_updated_v2").wait(
                FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
            )

        update(before | changes)
        try:
            yield
        finally:
            update(before)

    @contextlib.contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Kill a server, as a crash would, and start it again."""
        if self.services.service(name).external:
            pytest.skip(f"{name} runs elsewhere and is not ours to kill")
        self.services.kill(name)
        try:
            yield
        finally:
            self.services.start(name)
