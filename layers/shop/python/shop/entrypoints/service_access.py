"""Endpoints that other services may call with a service token, which no other endpoint knows."""

import hashlib
import hmac

from shop.bootstrap.service_tokens import service_token_digests
from shop.domain.sessions import SERVICE_SESSION, Role, Session
from shop.entrypoints.access import authenticate
from shop.entrypoints.operation import Access


def services_and(roles: frozenset[Role], *, link_parameter: str | None = None) -> Access:
    """Restrict an endpoint to services and sessions of these roles; see `shop.entrypoints.access.only`."""
    return Access(roles | {Role.SERVICE}, _authenticate, link_parameter)


def _authenticate(token: str | None, roles: frozenset[Role] | None) -> Session:
    if token is not None and _is_service_token(token):
        return SERVICE_SESSION
    return authenticate(token, roles)


def _is_service_token(token: str) -> bool:
    sent = hashlib.sha256(token.encode()).hexdigest()
    return any(hmac.compare_digest(sent, digest) for digest in service_token_digests())
