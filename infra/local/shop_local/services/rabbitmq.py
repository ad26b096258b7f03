"""RabbitMQ: one that is installed, or Debian's packages unpacked below the checkout."""

import os
import shutil
import signal
import socket
from typing import override

from shop_local import processes
from shop_local.ports import port_for, remembered
from shop_local.services import rabbitmq_packages
from shop_local.services.base import Command, Service

_HOST = "localhost"


class RabbitMQ(Service):
    """The broker, with its own Erlang port mapper, both on loopback."""

    name = "rabbitmq"
    title = "RabbitMQ"
    setting = "SHOP_RABBITMQ_URL"

    @override
    def url(self) -> str:
        return f"amqp://shop:{self.state.secrets['rabbitmq']}@127.0.0.1:{self.port}/%2f"

    @override
    def install(self) -> None:
        rabbitmq_packages.find(self.report)

    @override
    def prepare(self) -> None:
        folder = self.state.data_of(self.name)
        if not (folder / "complete").exists():
            # A first start that was cut short may have left a broker without its account.
            shutil.rmtree(folder / "mnesia", ignore_errors=True)
        for name in ("mnesia", "log", "home", "generated"):
            (folder / name).mkdir(exist_ok=True)
        cookie = folder / "home/.erlang.cookie"
        cookie.unlink(missing_ok=True)
        cookie.write_text(self.state.secrets["erlang_cookie"])
        cookie.chmod(0o400)
        configuration = folder / "rabbitmq.conf"
        configuration.write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"default_user = shop\ndefault_pass = {self.state.secrets['rabbitmq']}\n"
            "disk_free_limit.absolute = 50MB\n"
            "vm_memory_high_watermark.absolute = 512MB\n"
            "log.file = false\nlog.console = true\nlog.console.level = warning\n"
        )
        configuration.chmod(0o600)
        (folder / "enabled_plugins").write_text("[].\n")
        # The broker would start an unrecorded mapper that outlives it; this one is recorded.
        mapper = processes.find(self.state, "epmd")
        if not (mapper and mapper.process()):
            port_for(self.state, "epmd")
            epmd = rabbitmq_packages.find(self.report).epmd
            processes.spawn(self.state, "epmd", [epmd], environment=self._environment())
        port_for(self.state, "rabbitmq-dist")

    @override
    def command(self) -> Command:
        return Command([rabbitmq_packages.find(self.report).server], self._environment())

    @override
    def probe(self) -> None:
        import pika  # noqa: PLC0415 - only the process that starts servers needs it

        # Refused connections are normal during a start, and pika logs each with stack traces.
        socket.create_connection(("127.0.0.1", self.port), 2).close()
        parameters = pika.URLParameters(self.url())
        parameters.socket_timeout = parameters.blocked_connection_timeout = 5
        pika.BlockingConnection(parameters).close()

    @override
    def accept(self) -> None:
        (self.state.data_of(self.name) / "complete").touch()

    @override
    def stop(self) -> None:
        super().stop()
        self._end_mapper()

    @override
    def kill(self) -> None:
        super().kill()
        self._end_mapper()

    def _end_mapper(self) -> None:
        if mapper := processes.find(self.state, "epmd"):
            mapper.end(signal.SIGTERM, 2)

    def _environment(self) -> dict[str, str]:
        installed = rabbitmq_packages.find(self.report)
        folder = self.state.data_of(self.name)
        ports = {"rabbitmq-dist": 0, **remembered(self.state)}
        schedulers = max(2, min(4, os.cpu_count() or 2))
        path = os.pathsep.join([*map(str, installed.path), os.environ.get("PATH", os.defpath)])
        return {
            **installed.environment,
            "PATH": path,
            "HOME": str(folder / "home"),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(ports["epmd"]),
            "RABBITMQ_NODENAME": f"shop@{_HOST}",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(ports["rabbitmq-dist"]),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none.conf"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(folder / "feature_flags"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
            # Idle schedulers sleep instead of spinning.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"+S {schedulers}:{schedulers} +sbwt none +sbwtdcpu none +sbwtdio none"
                " -kernel inet_dist_use_interface {127,0,0,1}"
            ),
            # The start script then becomes the broker instead of waiting for it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }
