"""Starts the whole shop: servers, schema, queues, deployment, seed data, `stack.env`."""

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from shop.adapters.postgres.migrations import migrate
from shop.adapters.redis.catalog_cache import RedisCatalogCache
from shop.adapters.redis.connection import make_client
from shop.bootstrap.settings import load as load_settings
from shop.contracts.http.payments import WEBHOOK_EVENTS
from shop.domain.errors import DependencyUnavailable
from shop.domain.passwords import hash_password
from shop.entrypoints.commands.load_prices import load_prices
from shop_local.console import headline, say, step
from shop_local.containers import chosen_host, on_host
from shop_local.deploy import Deployed, aws, broker_settings, deploy
from shop_local.paths import (
    CHECKOUT,
    INFRASTRUCTURE,
    MIGRATIONS,
    PYTHON,
    SHOP_LAYER,
    State,
    write_private,
)
from shop_local.seed.catalog import products
from shop_local.seed.images import write
from shop_local.seed.loader import load
from shop_local.services import SERVICES, RunningServices, versions

STAFF = "staff@shop.example"
FINANCE = "finance@shop.example"
_SENDER = "orders@shop.example"
#: Placeholders for the addresses of servers that are not started yet.
_ADDRESSES = {
    "SHOP_DATABASE_URL": "postgresql://localhost",
    "SHOP_REDIS_URL": "redis://localhost",
    "SHOP_RABBITMQ_URL": "amqp://localhost",
}


class StackError(Exception):
    """A step failed; the message says which and why."""


@contextlib.contextmanager
def exclusive(state: State) -> Iterator[None]:
    """Prevent a concurrent `up`, `down` or `reset` of the same stack."""
    with (state.folder / "command.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(
                f"Another command is working on {state.folder}; wait for it."
            ) from None
        yield


def up(state: State) -> dict[str, str]:
    """Start what is not running, deploy what has changed, and return the stack's settings.

    Whatever this call has started is stopped again when it fails or is interrupted.
    """
    started = monotonic()
    # A malformed setting is named here, not in the log of the first function that reads it.
    load_settings(_ADDRESSES | {name: value for name, value in os.environ.items() if value})
    services = RunningServices(state.folder, SERVICES)
    brought_along = {
        service.chosen_by or service.setting: service.external
        for service in map(services.service, SERVICES)
        if service.external
    }
    versions.check(brought_along)
    headline("Starting the servers")
    try:
        services.start_all(progress=True)
        headline("Preparing the shop")
        values = _bring_up(state, services)
    except BaseException:
        say("stopping", "what has been started")
        services.stop_started()
        raise
    headline(f"The shop is up after {monotonic() - started:.1f} s: {values['SHOP_API_URL']}")
    return values


def _bring_up(state: State, services: RunningServices) -> dict[str, str]:
    token = state.secrets["service_token"]
    values = services.environment | {
        "SHOP_SERVICE_TOKEN": token,
        "SHOP_STAFF_EMAIL": STAFF,
        "SHOP_STAFF_PASSWORD": state.secrets["staff"],
        "SHOP_FINANCE_EMAIL": FINANCE,
        "SHOP_FINANCE_PASSWORD": state.secrets["finance"],
    }
    with step("schema") as words:
        applied = migrate(values["SHOP_DATABASE_URL"], MIGRATIONS)
        loaded = load_prices(values["SHOP_DATABASE_URL"], INFRASTRUCTURE)
        words.append(f"{len(applied)} migrations applied, {len(loaded)} price lists loaded")
    with step("queues") as words:
        declared = run_module("shop.entrypoints.commands.topology", [], values)
        words.append(f"{len(declared.splitlines())} declared")
    in_containers = bool(services.service("localstack").external)
    # A deployment keeps one core busy for seconds, and needs none of the data.
    with ThreadPoolExecutor(max_workers=1) as pool:
        filled = pool.submit(_fill, state, dict(values))
        with step("deployment") as words:
            deployed = deploy(
                state,
                values["AWS_ENDPOINT_URL"],
                _addresses(values, in_containers=in_containers)
                | broker_settings(values["SHOP_RABBITMQ_URL"])
                | {
                    "SHOP_SERVICE_TOKEN_SHA256": hashlib.sha256(token.encode()).hexdigest(),
                    "SHOP_PRIVATE_DATA_PLANE": "false",
                    "SHOP_INFRASTRUCTURE_FOLDER": str(INFRASTRUCTURE),
                    # All clients on the laptop have the same source address.
                    "SHOP_SIGN_UPS_PER_HOUR": "1000",
                    "SHOP_GUEST_SESSIONS_PER_HOUR": "1000000",
                },
                stock=in_containers,
            )
            words.append(
                f"{deployed.functions} functions" + ("" if deployed.changed else ", unchanged")
            )
        values["SHOP_API_URL"] = deployed.api_url
        _connect(values, deployed)
        filled.result()
    save(state, values)
    return values


def _addresses(values: Mapping[str, str], *, in_containers: bool) -> dict[str, str]:
    """Return settings with the servers' addresses as the functions reach them."""
    if not in_containers:
        return dict(values)
    host = chosen_host()
    return {name: on_host(host, value) for name, value in values.items()}


def _fill(state: State, values: Mapping[str, str]) -> None:
    """Put the seed's products into the database and the search index."""
    with step("catalog") as words:
        words.append(seed(state, values))
    if values.get("SHOP_OPENSEARCH_URL"):
        with step("search index") as words:
            words.append(_index(values))


def _connect(values: Mapping[str, str], deployed: Deployed) -> None:
    """Verify the sender in SES, and set the webhook address at the payment provider."""
    if deployed.changed:
        sender = os.environ.get("SHOP_EMAIL_SENDER", _SENDER)
        aws("ses", values["AWS_ENDPOINT_URL"]).verify_email_identity(EmailAddress=sender)
    if not os.environ.get("SHOP_STRIPE_URL"):
        endpoint = {
            "id": "shop",
            "url": f"{deployed.api_url}/api/payments/webhook",
            "secret": values["SHOP_STRIPE_WEBHOOK_SECRET"],
            "enabled_events": WEBHOOK_EVENTS,
        }
        request = urllib.request.Request(
            f"{values['SHOP_STRIPE_URL']}/_fake/webhooks/endpoints",
            json.dumps(endpoint).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=10).close()


def seed(state: State, values: Mapping[str, str]) -> str:
    """Load products, pictures and staff; return a description of what was done."""
    images = write(state.data_of("images"), products())
    people = (
        (STAFF, hash_password(state.secrets["staff"]), "Sam Staff", "staff"),
        (FINANCE, hash_password(state.secrets["finance"]), "Fay Finance", "finance"),
    )
    database = values["SHOP_DATABASE_URL"]
    done = load(database, values["SHOP_IMAGES_URL"])
    # Passwords are those of this state folder, whichever stack made the database.
    load(database, n=0, users=people, reset=True)
    words = f"{done.products} products new or changed, {images} pictures drawn"
    if (done.categories or done.products or done.inventory) and not _uncache(values):
        words += "; Redis is unavailable, and serves old lists for minutes once it is back"
    return words


def _uncache(values: Mapping[str, str]) -> bool:
    """Drop cached answers of the catalog; return whether that was possible."""
    redis = make_client(values["SHOP_REDIS_URL"])
    try:
        RedisCatalogCache(redis).invalidate()
    except DependencyUnavailable:
        return False
    finally:
        redis.close()
    return True


def _index(values: Mapping[str, str]) -> str:
    """Build the search index if OpenSearch is available."""
    try:
        return run_module("shop.entrypoints.commands.reindex", [], values).splitlines()[-1]
    except StackError as error:
        return f"not built, PostgreSQL answers searches: {str(error).splitlines()[-1]}"


def save(state: State, values: Mapping[str, str]) -> None:
    """Write `stack.env`: ``KEY=VALUE`` lines, for `set -a; . stack.env` and for other programs."""
    lines = [f"{key}={value}" for key, value in sorted(values.items()) if value]
    write_private(state.stack_env, "\n".join(lines) + "\n")


def load_env(state: State) -> dict[str, str]:
    """Read `stack.env`.

    Raises
    ------
    StackError
        If the stack is not up.
    """
    if not state.stack_env.exists():
        raise StackError("The shop is not up: run `make up` first.")
    lines = state.stack_env.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def down(state: State) -> list[str]:
    """Stop everything that is recorded; return the names of what was running."""
    services = RunningServices(state.folder, SERVICES)
    names = [name for name in SERVICES if services.service(name).running()]
    # First, so that after a Ctrl-C no addresses of stopped servers remain.
    state.stack_env.unlink(missing_ok=True)
    services.stop_all()
    return names


def run_module(module: str, arguments: list[str], values: Mapping[str, str]) -> str:
    """Run one of the application's commands with the stack's settings; return what it printed.

    Raises
    ------
    StackError
        If it fails; with what it printed.
    """
    result = subprocess.run(
        [PYTHON, "-m", module, *arguments],
        env={**os.environ, **values, "PYTHONPATH": f"{SHOP_LAYER}/python:{CHECKOUT}/infra/local"},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise StackError(f"python -m {module} failed:\n{(result.stdout + result.stderr)[-3000:]}")
    return result.stdout
