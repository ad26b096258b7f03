"""The shop's adapters for the tests: on real servers, without a broker unless one is given."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from shop.adapters.postgres.database import Database
from shop.adapters.postgres.outbox import PostgresOutbox
from shop.adapters.rabbitmq.dead_letters import RabbitMQDeadLetters
from shop.adapters.rabbitmq.publisher import RabbitMQPublisher
from shop.adapters.redis.connection import RedisClient
from shop.adapters.redis.invalidations import RedisInvalidations
from shop.bootstrap import (
    Environment,
    Part,
    Settings,
    business,
    cart,
    catalog,
    checkout,
    dead_letters,
    guests,
    housekeeping,
    idempotency,
    identity,
    mail,
    outbox,
    postgres,
    queues,
    rabbitmq,
    redis,
    search,
    sign_up,
    stripe,
    taxes,
    transactions,
)
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.bootstrap.work.links import PostgresLinksWork
from shop.bootstrap.work.notifications import PostgresNotificationsWork
from shop.bootstrap.work.placement import PostgresPlacementWork
from shop.bootstrap.work.returns import PostgresReturnsWork
from shop.services.cart.ports import CartStore
from shop.services.catalog.ports import CatalogCache
from shop.services.idempotency.ports import IdempotencyRecords
from shop.services.identity.ports import (
    GuestThrottle,
    LoginThrottle,
    SessionStore,
    SignUpThrottle,
)
from shop.services.notifications.ports import Mailer
from shop.services.orders.ports import CheckoutMachine, TaxProvider
from shop.services.payments.ports import PaymentProvider
from shop.services.platform.ports import BusinessFigures, QueueDepths, Records
from shop.services.search.ports import SearchDocuments, SearchEngine, SearchIndex

#: Nobody listens there: events stay in the outbox.
NO_BROKER = "amqp://guest:guest@127.0.0.1:1/%2f"
#: That the second factors of staff are derived from.
SECOND_FACTOR_KEY = "k1" * 20


class EveryWork(
    PostgresReturnsWork,
    PostgresNotificationsWork,
    PostgresPlacementWork,
    PostgresCatalogWork,
    PostgresLinksWork,
):
    """A transaction over everything."""


class _Attribute[T]:
    """A part of the container's environment, as an attribute; a fake may be assigned to it."""

    def __init__(self, part: Part[T]) -> None:
        self._part = part

    def __get__(self, container: "Container", _owner: type["Container"]) -> T:
        return container.environment.get(self._part)

    def __set__(self, container: "Container", fake: T) -> None:
        container.environment.put(self._part, fake)


class Container:
    """One environment, its parts as attributes."""

    database = _Attribute[Database](postgres.database)
    idempotency = _Attribute[IdempotencyRecords](idempotency.idempotency)
    outbox = _Attribute[PostgresOutbox](outbox.outbox)
    records = _Attribute[Records](housekeeping.records)
    business_figures = _Attribute[BusinessFigures](business.business_figures)
    queue_depths = _Attribute[QueueDepths](queues.queue_depths)
    search_documents = _Attribute[SearchDocuments](search.search_documents)
    sessions = _Attribute[SessionStore](identity.sessions)
    login_throttle = _Attribute[LoginThrottle](identity.login_throttle)
    guest_throttle = _Attribute[GuestThrottle](guests.guest_throttle)
    sign_up_throttle = _Attribute[SignUpThrottle](sign_up.sign_up_throttle)
    carts = _Attribute[CartStore](cart.carts)
    catalog_cache = _Attribute[CatalogCache](catalog.catalog_cache)
    invalidations = _Attribute[RedisInvalidations](catalog.invalidations)
    redis = _Attribute[RedisClient](redis.redis)
    publisher = _Attribute[RabbitMQPublisher](rabbitmq.publisher)
    dead_letters = _Attribute[RabbitMQDeadLetters](dead_letters.dead_letters)
    search_engine = _Attribute[SearchEngine](search.search_engine)
    search_index = _Attribute[SearchIndex | None](search.search_index)
    payment_provider = _Attribute[PaymentProvider](stripe.payment_provider)
    tax_provider = _Attribute[TaxProvider](taxes.tax_provider)
    checkout_machine = _Attribute[CheckoutMachine](checkout.checkout_machine)
    mailer = _Attribute[Mailer](mail.mailer)

    def __init__(self, settings: Settings) -> None:
        self.environment = Environment(settings)
        self.settings = settings

    def unit_of_work(
        self,
        *,
        publish: bool = True,
        autocommit: bool = False,
        consumed: tuple[str, UUID] | None = None,
    ) -> EveryWork:
        """Begin a unit of work, whose events are published through this container's parts."""
        with self.environment.active():
            return transactions.unit_of_work(EveryWork)(
                publish=publish, autocommit=autocommit, consumed=consumed
            )

    def read(self) -> EveryWork:
        """Begin a unit of work that only reads."""
        with self.environment.active():
            return postgres.read(EveryWork)()

    def close(self) -> None:
        """Close the connections that were opened."""
        self.environment.close()


@contextmanager
def container_for(
    database_url: str, redis_url: str, rabbitmq_url: str = NO_BROKER, **settings: object
) -> Iterator[Container]:
    """Make a container and close its connections at the end."""
    container = Container(
        Settings(
            database_url=database_url,
            redis_url=redis_url,
            rabbitmq_url=rabbitmq_url,
            **{"second_factor_keys": SECOND_FACTOR_KEY, **settings},  # type: ignore[arg-type]
        )
    )
    try:
        yield container
    finally:
        container.close()
