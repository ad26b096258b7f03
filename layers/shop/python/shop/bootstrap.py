"""The one place where ports meet adapters. Adapters are imported when they are first needed."""

from collections.abc import Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING

from shop.settings import Settings, settings

if TYPE_CHECKING:
    from shop.adapters.dependencies import Probe
    from shop.adapters.postgres.database import Database
    from shop.adapters.postgres.outbox import PostgresOutbox
    from shop.adapters.postgres.records import PostgresRecords
    from shop.adapters.rabbitmq_dead_letters import RabbitMQDeadLetters
    from shop.adapters.rabbitmq_publisher import RabbitMQPublisher
    from shop.adapters.redis_client import RedisClient
    from shop.adapters.redis_stock_locks import RedisStockLocks
    from shop.services.cart import CartResources
    from shop.services.ports.cart import CartStore
    from shop.services.ports.catalog import CatalogCache
    from shop.services.ports.fulfilment import Fulfilment, OrderPlacement
    from shop.services.ports.idempotency import IdempotencyRecords
    from shop.services.ports.identity import LoginBrake
    from shop.services.ports.notifications import Mailer
    from shop.services.ports.payments import PaymentProvider
    from shop.services.ports.search import SearchDocuments, SearchEngine, SearchIndex
    from shop.services.ports.sessions import SessionStore
    from shop.services.ports.unit_of_work import UnitOfWork
    from shop.services.product_changes import CatalogResources


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

        return Database(self.settings.database_url)

    @cached_property
    def redis(self) -> "RedisClient":
        """The connection to Redis."""
        from shop.adapters.redis_client import RedisClient

        return RedisClient(self.settings.redis_url)

    @cached_property
    def redis_news(self) -> "RedisClient":
        """The connection on which Redis tells what was written."""
        from shop.adapters.redis_client import RedisClient

        return RedisClient(self.settings.redis_url)

    @cached_property
    def sessions(self) -> "SessionStore":
        """Sessions and their rate limits."""
        from shop.adapters.redis_sessions import RedisSessionStore

        return RedisSessionStore(
            self.redis, self.settings.rate_limit_per_second, self.settings.rate_limit_burst
        )

    @cached_property
    def login_brake(self) -> "LoginBrake":
        """The brake on guessing passwords."""
        from shop.adapters.redis_sessions import RedisLoginBrake

        return RedisLoginBrake(self.redis)

    @cached_property
    def carts(self) -> "CartStore":
        """Carts, and which of them are new or left alone."""
        from shop.adapters.redis_carts import RedisCartStore

        return RedisCartStore(self.redis)

    @cached_property
    def cart_resources(self) -> "CartResources":
        """What the cart's use cases need."""
        from shop.services.cart import CartResources

        return CartResources(self.carts, self.unit_of_work, self.settings.currency)

    @cached_property
    def catalog_cache(self) -> "CatalogCache":
        """Answers of the catalog, in this process and in Redis."""
        from shop.adapters.redis_invalidations import RedisInvalidations
        from shop.adapters.redis_product_cache import RedisCatalogCache

        written = RedisInvalidations(self.redis_news, RedisCatalogCache.HEARD)
        return RedisCatalogCache(self.redis, written)

    @cached_property
    def catalog_resources(self) -> "CatalogResources":
        """What changes of the catalog need."""
        from shop.services.product_changes import CatalogResources

        return CatalogResources(self.catalog_cache, self.unit_of_work, self.settings.currency)

    @cached_property
    def search_engine(self) -> "SearchEngine":
        """OpenSearch, with PostgreSQL as its stand-in; without OpenSearch PostgreSQL alone."""
        from shop.adapters.postgres.search import PostgresSearchEngine

        embedded = PostgresSearchEngine(self.database)
        if not self.settings.opensearch_url:
            return embedded
        from shop.adapters.opensearch_search import OpenSearchEngine
        from shop.services.circuit_breaker import CircuitBreaker
        from shop.services.search_fallback import OPEN_SECONDS, FallbackSearchEngine

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
        from shop.adapters.opensearch_writer import OpenSearchIndex

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
        from shop.adapters.rabbitmq_publisher import RabbitMQPublisher

        return RabbitMQPublisher(self.settings.rabbitmq_url)

    @cached_property
    def stock_locks(self) -> "RedisStockLocks":
        """Locks that keep the queue for a hot product out of PostgreSQL."""
        from shop.adapters.redis_stock_locks import RedisStockLocks

        return RedisStockLocks(self.redis)

    @cached_property
    def order_placement(self) -> "OrderPlacement":
        """The state machine that places orders."""
        from shop.adapters.stepfunctions_checkout import StepFunctionsOrderPlacement

        return StepFunctionsOrderPlacement(self.settings.place_order_arn)

    @cached_property
    def fulfilment(self) -> "Fulfilment":
        """The state machine that waits for an order's events."""
        from shop.adapters.stepfunctions_checkout import StepFunctionsFulfilment

        return StepFunctionsFulfilment()

    @cached_property
    def mailer(self) -> "Mailer":
        """E-mail."""
        from shop.adapters.ses_mailer import SesMailer

        return SesMailer(self.settings.email_sender)

    @cached_property
    def payment_provider(self) -> "PaymentProvider":
        """Stripe."""
        from shop.adapters.stripe_payments import StripePayments

        return StripePayments(
            self.settings.stripe_key,
            self.settings.stripe_webhook_secret,
            self.settings.stripe_url,
            self.settings.stripe_timeout_seconds,
        )

    @cached_property
    def dead_letters(self) -> "RabbitMQDeadLetters":
        """Messages that a consumer could not process."""
        from shop.adapters.rabbitmq_dead_letters import RabbitMQDeadLetters

        return RabbitMQDeadLetters(self.settings.rabbitmq_url)

    @cached_property
    def records(self) -> "PostgresRecords":
        """Rows that have served their time."""
        from shop.adapters.postgres.records import PostgresRecords

        return PostgresRecords(self.database)

    @cached_property
    def dependencies(self) -> "list[Probe]":
        """Every server, for the health check; each is connected to when it is checked."""
        from shop.adapters.dependencies import probes

        return probes(
            self.settings, lambda: self.database, lambda: self.redis, lambda: self.publisher
        )

    def unit_of_work(self, *, publish: bool = True, reading: bool = False) -> "UnitOfWork":
        """Begin a transaction; see `shop.services.ports.unit_of_work`."""
        from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork

        publish_pending = self.publish_pending if publish else None
        return PostgresUnitOfWork(self.database, publish_pending, reading=reading)

    def close(self) -> None:
        """Close the connections that were opened; commands and tests end with it."""
        # Only what was used has been made: cached properties live in the instance's dictionary.
        for name in ("database", "redis", "redis_news", "publisher"):
            if name in vars(self):
                getattr(self, name).close()

    def publish_pending(self, aggregate_ids: Sequence[str]) -> None:
        """Publish what the outbox still holds for these aggregates, in order."""
        from shop.services.outbox import publish_pending

        publish_pending(self.outbox, self.publisher, aggregate_ids)


@cache
def container() -> Container:
    """Give this execution environment's container."""
    return Container(settings())
