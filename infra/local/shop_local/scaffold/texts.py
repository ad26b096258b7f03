"""The files of a new function, to be filled in."""

from typing import Final

ENDPOINT: Final = '''"""GET {path}: {words}."""

from shop.contracts.http.{service} import {contract}
from shop.entrypoints.http import Answer, Request, endpoint


@endpoint(answer={contract})
def handler(_request: Request[None, None]) -> Answer:
    """Answer with what there is."""
    return Answer({contract}("{name}"))
'''

CONTRACT: Final = '''

class {contract}(msgspec.Struct, frozen=True):
    """The answer of `{title}`."""

    name: str
'''

ENDPOINT_TEST: Final = '''"""GET {path}."""

from tests.support.gateway import Gateway


def test_the_endpoint_answers(shop: Gateway) -> None:
    answer = shop.get("{path}")
    assert (answer.status, answer.json) == (200, {{"name": "{name}"}})
'''

CONSUMER: Final = '''"""{queue}: {words}."""

import logging

from shop.bootstrap.work import PostgresUnitOfWork
from shop.contracts.events import {contract}
from shop.entrypoints.rabbitmq import Delivery, consumer

_log = logging.getLogger("shop.functions.{service}.{name}")


@consumer(service="{service}", event={contract}, work=PostgresUnitOfWork)
def handler(delivery: Delivery[{contract}, PostgresUnitOfWork]) -> None:
    """Take note of the event."""
    _log.info("received", extra={{"event_type": delivery.event.event_type}})
'''

CONSUMER_TEST: Final = '''"""{queue}."""

import json

from shop_local.paths import CHECKOUT
from tests.support.gateway import Gateway
from tests.support.stock import query


def test_a_message_is_processed_once(shop: Gateway, database: str) -> None:
    event = json.loads((CHECKOUT / "events/{title}.json").read_text())
    for _ in range(2):
        shop.invoke("{title}", event)
    assert query(database, "SELECT consumer FROM inbox") == [("{queue}",)]
'''

SCHEDULE: Final = '''"""Every hour: {words}."""

from shop.entrypoints.schedule import schedule


@schedule
def handler(_seconds: float) -> dict[str, int]:
    """Do what is due; return how much of what."""
    return {{"done": 0}}
'''

SCHEDULE_TEST: Final = '''"""{title}."""

from tests.support.gateway import Gateway


def test_the_schedule_says_what_it_did(shop: Gateway) -> None:
    assert shop.invoke("{title}", {{}}) == {{"done": 0}}
'''

#: Entries of infra/template.yaml, after `CodeUri`.
ENDPOINT_ENTRY: Final = """\
      Environment: {{Variables: {{<<: *Http}}}}
      Events:
        Route: {{Type: Api, Properties: {{RestApiId: !Ref Api, Method: get, Path: {path}}}}}
"""

CONSUMER_ENTRY: Final = """\
      <<: *Published
      Environment: {{Variables: {{<<: [*Postgres, *Rabbitmq]}}}}
      Policies: [!Ref BrokerNetworkPolicy]
      Timeout: 60
      ReservedConcurrentExecutions: !If [ReservesConcurrency, 1, !Ref "AWS::NoValue"]
      Events:
        Queue:
          Type: MQ
          Properties:
            Broker: !Ref BrokerArn
            Enabled: !If [ConsumersRun, true, false]
            Queues: [{queue}]
            BatchSize: 50
            SourceAccessConfigurations:
              - {{Type: BASIC_AUTH, URI: !If [HasBrokerSecret, !Ref BrokerSecretArn, !Ref BrokerSecret]}}
              - {{Type: VIRTUAL_HOST, URI: !Ref BrokerVirtualHost}}
"""

SCHEDULE_ENTRY: Final = """\
      <<: *Published
      Timeout: 55
      EventInvokeConfig: {{MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 3600}}
      ReservedConcurrentExecutions: !If [ReservesConcurrency, 2, !Ref "AWS::NoValue"]
      Events:
        Schedule:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: rate(1 hour)
            OmitName: true
            RetryPolicy: {{MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 3600}}
            DeadLetterConfig: {{Arn: !GetAtt ScheduleDeadLetters.Arn}}
"""
