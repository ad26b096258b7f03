"""An interrupted `up` leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from shop_local.paths import CHECKOUT
from tests.support import old_servers

COMMAND = [sys.executable, "-m", "shop_local"]


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A stack of this test only, always stopped at the end."""
    values = {
        **{key: value for key, value in os.environ.items() if not key.startswith("SHOP_")},
        "SHOP_STATE_DIR": str(tmp_path),
        "PYTHONPATH": f"{CHECKOUT}/layers/shop/python{os.pathsep}{CHECKOUT}/infra/local",
        "PYTHONUNBUFFERED": "1",
    }
    yield values
    subprocess.run([*COMMAND, "down"], env=values, check=True, timeout=60, capture_output=True)


def processes_of(folder: Path) -> list[str]:
    """List the live processes whose command or environment names a state folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                continue
            words = [*process.cmdline(), *process.environ().values(), process.cwd()]
            name = process.name()
        except (psutil.Error, OSError):
            continue
        if any(str(folder) in word for word in words):
            found.append(f"{process.pid} {name}")
    return found


def begin_up(environment: dict[str, str], until: str) -> "subprocess.Popen[str]":
    """Run `up` until it prints some words."""
    up = subprocess.Popen([*COMMAND, "up"], env=environment, stdout=subprocess.PIPE, text=True)
    assert up.stdout
    for line in up.stdout:
        if until in line:
            break
    return up


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_leaves_no_process(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    up = begin_up(environment, "PostgreSQL     ready")
    up.send_signal(number)
    up.communicate(timeout=60)
    assert up.returncode == 130
    assert processes_of(tmp_path) == []
    assert list((tmp_path / "run").glob("*.json")) == []


def test_down_cleans_up_after_an_up_that_was_killed(
    environment: dict[str, str], tmp_path: Path
) -> None:
    up = begin_up(environment, "PostgreSQL     ready")
    time.sleep(1)
    up.kill()
    up.communicate(timeout=10)
    assert processes_of(tmp_path)
    subprocess.run([*COMMAND, "down"], env=environment, check=True, timeout=60, capture_output=True)
    assert processes_of(tmp_path) == []


def test_a_malformed_port_is_named_with_the_fix(environment: dict[str, str]) -> None:
    result = subprocess.run(
        [*COMMAND, "up"],
        env=environment | {"SHOP_PORT_VALKEY": "seventy"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 1
    assert "SHOP_PORT_VALKEY='seventy' is not a port number" in result.stderr
    assert "Traceback" not in result.stderr


def test_commands_that_need_a_running_shop_say_so(environment: dict[str, str]) -> None:
    result = subprocess.run(
        [*COMMAND, "demo"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 1
    assert "The shop is not up" in result.stderr


def test_up_names_malformed_settings_before_it_starts_anything(
    environment: dict[str, str], tmp_path: Path
) -> None:
    wrong = {"SHOP_CURRENCY": "XXX", "SHOP_REDIS_URL": "127.0.0.1:6379"}
    up = subprocess.run(
        [*COMMAND, "up"],
        env=environment | wrong,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert up.returncode == 1
    assert "SHOP_CURRENCY must be one of" in up.stdout + up.stderr
    assert "SHOP_REDIS_URL must begin with redis://" in up.stdout + up.stderr
    assert "Traceback" not in up.stdout + up.stderr
    assert processes_of(tmp_path) == []


def test_up_refuses_a_server_that_is_too_old_and_starts_nothing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with old_servers.listening(old_servers.postgresql("15.4")) as address:
        environment["SHOP_DATABASE_URL"] = f"postgresql://shop@{address}/shop"
        up = subprocess.run(
            [*COMMAND, "up"],
            env=environment, timeout=60, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert up.returncode == 1
    assert up.stdout == ""
    assert up.stderr.strip() == (
        "SHOP_DATABASE_URL: PostgreSQL 15.4 is too old: version 17 or later is required"
    )
    assert list((tmp_path / "run").glob("*.json")) == []
