"""LocalStack's Twisted server, bound to the address it was told: loopback."""

from localstack import config
from localstack.aws.serving.twisted import TLSMultiplexerFactory
from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin
from localstack.runtime.server.twisted import TwistedRuntimeServer
from rolo.gateway import Gateway
from rolo.serving.twisted import TwistedGateway
from twisted.internet import endpoints, reactor, ssl


class LoopbackServer(TwistedRuntimeServer):
    """The stock server ignores an IPv4 host in ``GATEWAY_LISTEN`` and listens on all addresses."""

    def register(
        self,
        gateway: Gateway,
        listen: list[config.HostAndPort],
        ssl_creds: tuple[str, str] | None = None,
    ) -> None:
        """Listen on the loopback addresses among ``listen``.

        Raises
        ------
        ValueError
            An address is not loopback.
        """
        factory: TwistedGateway | TLSMultiplexerFactory = TwistedGateway(gateway)
        if ssl_creds:
            certificate, key = ssl_creds
            context = ssl.DefaultOpenSSLContextFactory(key, certificate)
            context.getContext().use_certificate_chain_file(certificate)
            factory = TLSMultiplexerFactory(context, False, factory)
        endpoint: endpoints.TCP4ServerEndpoint | endpoints.TCP6ServerEndpoint
        for address in listen:
            match address.host:
                case "127.0.0.1" | "localhost":
                    endpoint = endpoints.TCP4ServerEndpoint(
                        reactor, address.port, backlog=1024, interface="127.0.0.1"
                    )
                case "::1" | "[::1]":
                    endpoint = endpoints.TCP6ServerEndpoint(
                        reactor, address.port, backlog=1024, interface="::1"
                    )
                case host:
                    raise ValueError(f"GATEWAY_LISTEN must be a loopback address, not {host}")
            endpoint.listen(factory)  # type: ignore[no-untyped-call]


class LoopbackServerPlugin(RuntimeServerPlugin):
    """Selected with ``GATEWAY_SERVER=loopback``."""

    name = "loopback"

    def load(self, *_: object, **__: object) -> RuntimeServer:
        """Return the server."""
        return LoopbackServer()  # type: ignore[no-untyped-call]
