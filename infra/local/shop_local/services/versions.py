"""Versions that the shop requires of servers that the user provides."""

import http.client
import json
import re
import socket
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

import pika
import pika.frame
import pika.spec
import psycopg
import redis
from redis.exceptions import RedisError, ResponseError

from shop.adapters.postgres.migrations import MINIMUM_VERSION, MigrationError, check_version
from shop_local.services.base import ServiceError

#: ``SET … EXAT`` and ``ZRANGE … BYSCORE``; RESP3, of which client-side caching is made, came before.
_REDIS: Final = (6, 2)
#: Quorum queues that dead-letter at least once.
_RABBITMQ: Final = (3, 10)
#: The one major version with which the tests and the measurements of relevance run.
_OPENSEARCH: Final = 3
#: The same in words, as the table in docs/settings.md has them.
REQUIRED: Final = {
    "PostgreSQL": f"{MINIMUM_VERSION} or later",
    "Redis": "6.2 or later, or any Valkey",
    "RabbitMQ": "3.10 or later",
    "OpenSearch": "3",
}
_SECONDS: Final = 5


class _ConnectionFailed(Exception):
    """The server does not answer or refuses the login; the cause has the details."""


def check(addresses: Mapping[str, str]) -> None:
    """Ask servers for their versions.

    Parameters
    ----------
    addresses : mapping of str to str
        Address by setting: ``SHOP_DATABASE_URL``, ``SHOP_REDIS_URL``, ``SHOP_RABBITMQ_URL``,
        ``SHOP_OPENSEARCH_URL``, ``SHOP_LOCALSTACK_URL`` (any version); others, and empty ones, are
        passed over.

    Raises
    ------
    ServiceError
        One line for each server that has another version than the shop needs, or does not answer.
    """
    problems = [
        f"{setting}: {problem}"
        for setting, question in _QUESTIONS.items()
        if (url := addresses.get(setting)) and (problem := _problem(question, url))
    ]
    if problems:
        raise ServiceError("\n".join(problems))


def _problem(question: Callable[[str], str], url: str) -> str:
    try:
        return question(url)
    except _ConnectionFailed as error:
        words = " ".join(str(error.__cause__).split()) or type(error.__cause__).__name__
        return f"connecting fails: {words}"


def _postgresql(url: str) -> str:
    try:
        with psycopg.connect(url, connect_timeout=_SECONDS) as connection:
            check_version(connection.info.server_version)
    except psycopg.Error as error:
        raise _ConnectionFailed from error
    except MigrationError as error:
        return str(error)
    return ""


def _redis(url: str) -> str:
    client = redis.Redis.from_url(
        url,
        protocol=3,
        decode_responses=True,
        socket_connect_timeout=_SECONDS,
        socket_timeout=_SECONDS,
    )
    needed = f"version {REQUIRED['Redis']} is required"
    try:
        answer = client.execute_command("HELLO", "3")
    except ResponseError as error:
        return f"Redis refuses HELLO 3 ({error}): {needed}"
    except (RedisError, OSError) as error:
        raise _ConnectionFailed from error
    finally:
        client.close()
    version = str(answer["version"])
    return "" if _numbers(version) >= _REDIS else f"Redis {version} is too old: {needed}"


def _rabbitmq(url: str) -> str:
    parameters = pika.URLParameters(url)
    address = (parameters.host, parameters.port)
    try:
        with socket.create_connection(address, _SECONDS) as plain:
            options = parameters.ssl_options
            if options is None:
                properties = _server_properties(plain)
            else:
                name = options.server_hostname or parameters.host
                with options.context.wrap_socket(plain, server_hostname=name) as secure:
                    properties = _server_properties(secure)
    except OSError as error:
        raise _ConnectionFailed from error
    product, version = properties.get("product", "The broker"), properties.get("version", "")
    if product == "RabbitMQ" and _numbers(version) >= _RABBITMQ:
        return ""
    said = f"{product} {version}".strip()
    return f"{said} is not supported: RabbitMQ {REQUIRED['RabbitMQ']} is required"


def _server_properties(connection: socket.socket) -> Mapping[str, str]:
    """Read the server properties that a broker sends before authentication."""
    connection.sendall(pika.frame.ProtocolHeader().marshal())
    received = b""
    while True:
        data = connection.recv(4096)
        if not data:
            raise ConnectionError("the connection was closed before the broker introduced itself")
        received += data
        _, frame = pika.frame.decode_frame(received)
        if frame is not None:
            break
    if isinstance(getattr(frame, "method", None), pika.spec.Connection.Start):
        return {
            str(name): value.decode() if isinstance(value, bytes) else str(value)
            for name, value in frame.method.server_properties.items()
        }
    raise ConnectionError("it does not speak AMQP 0-9-1")


def _opensearch(url: str) -> str:
    parts = urlsplit(url)
    request = urllib.request.Request(
        parts._replace(netloc=parts.netloc.rpartition("@")[2], path="/").geturl()
    )
    if parts.username:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_header("Authorization", f"Basic {b64encode(credentials.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:
            version = json.load(response)["version"]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise _ConnectionFailed from error
    # Elasticsearch names no distribution.
    product = "OpenSearch" if version.get("distribution") == "opensearch" else "Elasticsearch"
    number = str(version.get("number", ""))
    if product == "OpenSearch" and _numbers(number)[:1] == (_OPENSEARCH,):
        return ""
    return f"{product} {number} is not supported: OpenSearch {REQUIRED['OpenSearch']} is required"


def _localstack(url: str) -> str:
    try:
        with urllib.request.urlopen(f"{url}/_localstack/health", timeout=_SECONDS) as response:
            json.load(response)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _ConnectionFailed from error
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


_QUESTIONS: Final[dict[str, Callable[[str], str]]] = {
    "SHOP_DATABASE_URL": _postgresql,
    "SHOP_REDIS_URL": _redis,
    "SHOP_RABBITMQ_URL": _rabbitmq,
    "SHOP_OPENSEARCH_URL": _opensearch,
    "SHOP_LOCALSTACK_URL": _localstack,
}
