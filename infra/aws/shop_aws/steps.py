"""The order of a deployment's steps, and what each is going to do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shop_aws.deployment import Deployment
from shop_aws.target import Target


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its name, what it does, and the method that does it."""

    name: str
    does: str
    run: Callable[[Deployment], str]


#: In this order a deployment to an empty account works, and an update as well.
STEPS: Final = (
    Step(
        "bucket",
        "make s3://shop-deployments-<account>-{region} if it is missing",
        Deployment.bucket,
    ),
    Step(
        "search role",
        "make the role AWSServiceRoleForAmazonOpenSearchService if the preset has a search domain",
        Deployment.search_role,
    ),
    Step(
        "data plane",
        "deploy infra/data.yaml as {data} with Stage={stage} Preset={preset}",
        Deployment.data_plane,
    ),
    Step("package", "make build; sam package into the bucket", Deployment.package),
    Step(
        "schema",
        "deploy platform/migrate of infra/template.yaml as {schema} with the parameters that Parameter Store"
        " has below /shop/{stage}/",
        Deployment.schema,
    ),
    Step(
        "migrate",
        "call platform/migrate: schema, the application's role, price lists, queues; the functions of the"
        " last release still run",
        Deployment.migrate,
    ),
    Step(
        "application",
        "deploy infra/template.yaml as {application} with the same parameters and ConsumersEnabled=true",
        Deployment.application,
    ),
    Step("firewall", "put the firewall of {data} before the API", Deployment.firewall),
    Step(
        "observability",
        "deploy infra/observability.yaml as {observability}",
        Deployment.observability,
    ),
)
#: The older release does not know the migrations that were applied after it.
_FORWARD_ONLY: Final = frozenset({"schema", "migrate"})


def steps_of(target: Target) -> list[Step]:
    """Return the steps of a deployment."""
    return [step for step in STEPS if not (target.older and step.name in _FORWARD_ONLY)]


def plan(target: Target) -> list[str]:
    """Describe what a deployment would do; no call of AWS is needed."""
    names = {
        "stage": target.stage, "preset": target.preset, "region": target.region,
        "data": target.data, "schema": target.schema, "application": target.application,
        "observability": target.observability,
    }  # fmt: skip
    given = [f"{name}={value}" for name, value in sorted(target.parameters.items())]
    lines = [
        f"{number}. {step.name}: {step.does.format(**names)}"
        for number, step in enumerate(steps_of(target), start=1)
    ]
    return lines + ([f"with {' '.join(given)}"] if given else [])
