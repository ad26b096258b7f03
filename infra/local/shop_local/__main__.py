"""Command line of the laptop: ``python -m shop_local --help``, usually by way of ``make``."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

from shop.adapters.postgres.migrations import MigrationError
from shop.bootstrap.settings import SettingsError
from shop.entrypoints.commands.load_prices import PricesNotLoaded
from shop_local import logs, processes, stack
from shop_local.console import complain, headline, say
from shop_local.deploy import DeployError
from shop_local.invoke import invoke
from shop_local.paths import (
    CHECKOUT,
    INFRASTRUCTURE,
    PYTHON,
    SHOP_LAYER,
    State,
    default_state_folder,
)
from shop_local.ports import PortTaken
from shop_local.services import SERVICES, RunningServices, opensearch_jars, rabbitmq_packages
from shop_local.services.base import ServiceError
from shop_local.template import TemplateError

_EXPECTED = (
    DeployError, MigrationError, PortTaken, PricesNotLoaded, ServiceError, SettingsError, TemplateError,
    stack.StackError, logs.LogError,
)  # fmt: skip
#: Commands of the application that need only the stack's settings.
_COMMANDS = {
    "migrate": ("shop.entrypoints.commands.migrate", [str(INFRASTRUCTURE)]),
    "topology": ("shop.entrypoints.commands.topology", []),
    "replay": ("shop.entrypoints.commands.replay", []),
    "reindex": ("shop.entrypoints.commands.reindex", []),
}

#: Commands with arguments of their own that read the running stack: name, module and help.
_TOOLS = (
    ("cost", "shop_local.cost", "what the requests would have cost on AWS"),
    (
        "what-if",
        "shop_local.cost.what_if",
        "recompute them with another memory size or architecture",
    ),
    ("trace", "shop_local.trace", "the whole story of an order"),
)


def _install(_: argparse.Namespace, __: State) -> int:
    rabbitmq_packages.find(lambda text: say("RabbitMQ", text))
    try:
        opensearch_jars.find(lambda text: say("OpenSearch", text))
    except ServiceError as error:
        reason = str(error).splitlines()[0]
        say("OpenSearch", f"left out, PostgreSQL answers searches: {reason}")
    headline("Everything is installed.")
    return 0


def _up(_: argparse.Namespace, state: State) -> int:
    with stack.exclusive(state):
        stack.up(state)
    say("settings", str(state.stack_env))
    say("next", "make demo · make status · make logs F=<service>/<function> · make down")
    return 0


def _down(_: argparse.Namespace, state: State) -> int:
    with stack.exclusive(state):
        stopped = stack.down(state)
    headline(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
    return 0


def _reset(_: argparse.Namespace, state: State) -> int:
    with stack.exclusive(state):
        stack.down(state)
        for folder in (state.data, state.logs):
            shutil.rmtree(folder)
        for name in ("ports.json", "secrets.json", "deployed.json"):
            (state.folder / name).unlink(missing_ok=True)
    headline("The data is gone; the next `make up` starts afresh.")
    return 0


def _status(_: argparse.Namespace, state: State) -> int:
    services = RunningServices(state.folder, SERVICES)
    for name in SERVICES:
        service = services.service(name)
        if service.external:
            say(service.title, f"elsewhere, as set by {service.chosen_by or service.setting}")
        elif service.running() and (found := processes.find(state, name)):
            say(service.title, f"running on 127.0.0.1:{service.port}, pid {found.pid}")
        else:
            say(service.title, "stopped")
    if state.stack_env.exists():
        say("API", stack.load_env(state)["SHOP_API_URL"])
        say("settings", str(state.stack_env))
    return 0


def _logs(arguments: argparse.Namespace, state: State) -> int:
    return logs.follow(state, arguments.name, lines=arguments.lines, stay=not arguments.once)


def _invoke(arguments: argparse.Namespace, state: State) -> int:
    return invoke(stack.load_env(state), arguments.function, arguments.event)


def _demo(_: argparse.Namespace, state: State) -> int:
    return _application("shop_local.demo", [], state)


def _tool(arguments: argparse.Namespace, state: State) -> int:
    return _application(arguments.module, arguments.rest, state)


def _run(arguments: argparse.Namespace, state: State) -> int:
    module, defaults = _COMMANDS[arguments.command_name]
    return _application(module, [*defaults, *arguments.rest], state)


def _application(module: str, arguments: list[str], state: State) -> int:
    environment = {
        **os.environ,
        **stack.load_env(state),
        "PYTHONPATH": f"{SHOP_LAYER}/python:{CHECKOUT}/infra/local",
    }
    return subprocess.run(
        [PYTHON, "-m", module, *arguments], env=environment, check=False
    ).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shop_local", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(
        name: str, text: str, action: Callable[[argparse.Namespace, State], int]
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text)
        added.set_defaults(action=action)
        return added

    command("install", "fetch what is not a Python package", _install)
    command("up", "start, deploy, seed", _up)
    command("down", "stop, keep the data", _down)
    command("reset", "stop, delete the data", _reset)
    command("status", "what runs, where", _status)
    command("demo", "buy something through the API", _demo)
    shown = command("logs", "follow a log", _logs)
    shown.add_argument("name", nargs="?", help="<service>/<function>, or a server")
    shown.add_argument("--lines", type=int, default=40, help="how many old lines to show")
    shown.add_argument("--once", action="store_true", help="show them and leave")
    called = command("invoke", "call one function", _invoke)
    called.add_argument("function", metavar="<service>/<function>")
    called.add_argument("--event", help="JSON file; default: events/<service>/<function>.json")
    for name, module, text in _TOOLS:
        # Without option characters of its own, so that the tool gets all arguments, --help included.
        tool = commands.add_parser(name, help=text, add_help=False, prefix_chars="\0")
        tool.set_defaults(action=_tool, module=module)
        tool.add_argument("rest", nargs=argparse.REMAINDER)
    run = command("run", "run a command of the application with the stack's settings", _run)
    run.add_argument("command_name", choices=_COMMANDS)
    run.add_argument("rest", nargs=argparse.REMAINDER)
    return parser


def main() -> int:
    """Run one command; return its exit status."""
    arguments = _parser().parse_args()

    def interrupted(number: int, _frame: FrameType | None) -> None:
        # Further signals are ignored, so that they do not interrupt the clean-up.
        for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(other, signal.SIG_IGN)
        raise KeyboardInterrupt(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        return int(arguments.action(arguments, State(default_state_folder())))
    except _EXPECTED as error:
        complain(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        complain("\nInterrupted.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
