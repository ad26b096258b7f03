"""The one place where ports meet adapters. Adapters are imported when they are first needed."""

from collections.abc import Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING

from shop.settings import Settings, settings

if TYPE_CHECKING:
    from uuid import UUID

    from shop.adapters.postgres.database import Database
    from shop.adapters.postgres.outbox import PostgresOutbox
    from shop.adapters.postgres.records import PostgresRecords
    from shop.adapters.probes import Probe
    from shop.adapters.rabbitmq.dead_letters import RabbitMQDeadLetters
    from shop.adapters.rabbitmq.publisher import RabbitMQPublisher
    from shop.adapters.redis.client import RedisClient
    from shop.adapters.redis.stock_locks import RedisStockLocks
    from shop.domain.outbox import StoredEvent
    from shop.services.cart.items import CartResources
    from shop.services.cart.ports import CartStore
    from shop.services.catalog.change import CatalogResources
    from shop.services.catalog.ports import CatalogCache
    from shop.services.idempotency.ports import IdempotencyRecords
    from shop.services.identity.ports import LoginBrake, SessionStore
    from shop.services.notifications.ports import Mailer
    from shop.services.orders.ports import Fulfilment, OrderPlacement
    from shop.services.payments.ports import PaymentProvider
    from shop.services.search.ports import SearchDocuments, SearchEngine, SearchIndex
    from shop.services.unit_of_work import UnitOfWork


class Container:
    """Adapters of one execution environment, each made on first use and kept.

    Parameters
    ----------
    settings : Settings
        Addresses and limits.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def database(self) -> "Database":
        """The connection to PostgreSQL."""
        from shop.adapters.postgres.database import Database

        return Database(self.settings.database_url, prepare=self.settings.database_prepare)

    @cached_property
    def redis(self) -> "RedisClient":
        """The connection to Redis."""
        from shop.adapters.redis.client import RedisClient

        return RedisClient(self.settings.redis_url)

    @cached_property
    def redis_news(self) -> "RedisClient":
        """The connection on which Redis tells what was written."""
        from shop.adapters.redis.client import RedisClient

        return RedisClient(self.settings.redis_url)

    @cached_property
    def sessions(self) -> "SessionStore":
        """Sessions and their rate limits."""
        from shop.adapters.redis.sessions import RedisSessionStore

        return RedisSessionStore(
            self.redis, self.settings.rate_limit_per_second, self.settings.rate_limit_burst
        )

    @cached_property
    def login_brake(self) -> "LoginBrake":
        """The brake on guessing passwords."""
        from shop.adapters.redis.sessions import RedisLoginBrake

        return RedisLoginBrake(self.redis)

    @cached_property
    def carts(self) -> "CartStore":
        """Carts, and which of them are new or left alone."""
        from shop.adapters.redis.carts import RedisCartStore

        return RedisCartStore(self.redis)

    @cached_property
    def cart_resources(self) -> "CartResources":
        """What the cart's use cases need."""
        from shop.services.cart.items import CartResources

        return CartResources(self.carts, self.unit_of_work, self.settings.currency)

    @cached_property
    def catalog_cache(self) -> "CatalogCache":
        """Answers of the catalog, in this process and in Redis."""
        from shop.adapters.redis.catalog_cache import RedisCatalogCache
        from shop.adapters.redis.invalidations import RedisInvalidations

        written = RedisInvalidations(self.redis_news, RedisCatalogCache.HEARD)
        return RedisCatalogCache(self.redis, written)

    @cached_property
    def catalog_resources(self) -> "CatalogResources":
        """What changes of the catalog need."""
        from shop.services.catalog.change import CatalogResources

        return CatalogResources(self.catalog_cache, self.unit_of_work, self.settings.currency)

    @cached_property
    def search_engine(self) -> "SearchEngine":
        """OpenSearch, with PostgreSQL as its stand-in; without OpenSearch PostgreSQL alone."""
        from shop.adapters.postgres.search import PostgresSearchEngine

        embedded = PostgresSearchEngine(self.database)
        if not self.settings.opensearch_url:
            return embedded
        from shop.adapters.opensearch.engine import OpenSearchEngine
        from shop.services.circuit_breaker import CircuitBreaker
        from shop.services.search.fallback import OPEN_SECONDS, FallbackSearchEngine

        chosen = OpenSearchEngine(
            self.settings.opensearch_url,
            timeout_seconds=self.settings.opensearch_timeout_seconds,
        )
        return FallbackSearchEngine(chosen, embedded, CircuitBreaker(OPEN_SECONDS))

    @cached_property
    def search_index(self) -> "SearchIndex | None":
        """The index to keep fresh, if there is OpenSearch."""
        if not self.settings.opensearch_url:
            return None
        from shop.adapters.opensearch.writer import OpenSearchIndex

        return OpenSearchIndex(self.settings.opensearch_url)

    @cached_property
    def search_documents(self) -> "SearchDocuments":
        """Products as the index is to hold them."""
        from shop.adapters.postgres.search_documents import PostgresSearchDocuments

        return PostgresSearchDocuments(self.database)

    @cached_property
    def idempotency(self) -> "IdempotencyRecords":
        """Idempotency keys and their answers."""
        from shop.adapters.postgres.idempotency import PostgresIdempotencyRecords

        return PostgresIdempotencyRecords(self.database)

    @cached_property
    def outbox(self) -> "PostgresOutbox":
        """Committed events that wait for the broker."""
        from shop.adapters.postgres.outbox import PostgresOutbox

        return PostgresOutbox(self.database)

    @cached_property
    def publisher(self) -> "RabbitMQPublisher":
        """The broker."""
        from shop.adapters.rabbitmq.publisher import RabbitMQPublisher

        return RabbitMQPublisher(self.settings.rabbitmq_url)

    @cached_property
    def stock_locks(self) -> "RedisStockLocks":
        """Locks that keep the queue for a hot product out of PostgreSQL."""
        from shop.adapters.redis.stock_locks import RedisStockLocks

        return RedisStockLocks(self.redis)

    @cached_property
    def order_placement(self) -> "OrderPlacement":
        """The state machine that places orders."""
        from shop.adapters.aws.step_functions import StepFunctionsOrderPlacement

        return StepFunctionsOrderPlacement(self.settings.place_order_arn)

    @cached_property
    def fulfilment(self) -> "Fulfilment":
        """The state machine that waits for an order's events."""
        from shop.adapters.aws.step_functions import StepFunctionsFulfilment

        return StepFunctionsFulfilment()

    @cached_property
    def mailer(self) -> "Mailer":
        """E-mail."""
        from shop.adapters.aws.ses import SesMailer

        return SesMailer(self.settings.email_sender)

    @cached_property
    def payment_provider(self) -> "PaymentProvider":
        """Stripe."""
        from shop.adapters.stripe.payments import StripePayments

        return StripePayments(
            self.settings.stripe_key,
            self.settings.stripe_webhook_secret,
            self.settings.stripe_url,
            self.settings.stripe_timeout_seconds,
        )

    @cached_property
    def dead_letters(self) -> "RabbitMQDeadLetters":
        """Messages that a consumer could not process."""
        from shop.adapters.rabbitmq.dead_letters import RabbitMQDeadLetters

        return RabbitMQDeadLetters(self.settings.rabbitmq_url)

    @cached_property
    def records(self) -> "PostgresRecords":
        """Rows that have served their time."""
        from shop.adapters.postgres.records import PostgresRecords

        return PostgresRecords(self.database)

    @cached_property
    def dependencies(self) -> "list[Probe]":
        """Every server, for the health check; each is connected to when it is checked."""
        from shop.adapters.probes import probes

        return probes(
            self.settings, lambda: self.database, lambda: self.redis, lambda: self.publisher
        )

    def unit_of_work(
        self,
        *,
        publish: bool = True,
        autocommit: bool = False,
        consumed: "tuple[str, UUID] | None" = None,
    ) -> "UnitOfWork":
        """Begin a transaction; see `shop.services.unit_of_work`."""
        from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork

        return PostgresUnitOfWork(
            self.database,
            self.publish if publish else None,
            autocommit=autocommit,
            consumed=consumed,
        )

    def close(self) -> None:
        """Close the connections that were opened; commands and tests end with it."""
        # Only what was used has been made: cached properties live in the instance's dictionary.
        for name in ("database", "redis", "redis_news", "publisher"):
            if name in vars(self):
                getattr(self, name).close()

    def publish(self, events: "Sequence[StoredEvent]") -> None:
        """Publish events that were committed."""
        from shop.services.messaging.outbox import publish

        publish(self.outbox, self.publisher, events)


@cache
def container() -> Container:
    """Give this execution environment's container."""
    return Container(settings())
