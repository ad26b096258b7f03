"""Errors in Stripe's format."""

from __future__ import annotations

from typing import Any

DOC_URL = "https://stripe.com/docs/error-codes/{}"


class ApiError(Exception):
    """One error answer.

    Parameters
    ----------
    status
        HTTP status code.
    kind
        Stripe's ``type``: ``card_error``, ``invalid_request_error``, ``idempotency_error``,
        ``api_error`` or ``rate_limit_error``.
    message
        Text for people.
    final
        Whether the request began to execute. Final answers change the state they describe and
        are kept for their idempotency key; the others leave no trace.
    fields
        Further members of the error object (``code``, ``param``, ``decline_code`` …).
    """

    def __init__(
        self, status: int, kind: str, message: str, *, final: bool = False, **fields: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.final = final
        self.error: dict[str, Any] = {"type": kind, "message": message}
        for name, value in fields.items():
            if value is not None:
                self.error[name] = value
        code = self.error.get("code")
        if isinstance(code, str):
            self.error["doc_url"] = DOC_URL.format(code.replace("_", "-"))

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the JSON document of this answer."""
        log_url = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": {**self.error, "request_log_url": log_url}}


def invalid(
    message: str, *, code: str | None = None, param: str | None = None, **fields: Any
) -> ApiError:
    """Return a 400 for parameters that are wrong before anything is executed."""
    return ApiError(400, "invalid_request_error", message, code=code, param=param, **fields)


def unexpected_state(message: str, intent: dict[str, Any]) -> ApiError:
    """Return the 400 for a step the PaymentIntent's status does not allow."""
    return ApiError(
        400,
        "invalid_request_error",
        message,
        final=True,
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )


def missing(kind: str, identifier: str, *, param: str = "id", status: int = 404) -> ApiError:
    """Return ``resource_missing``: 404 for the object itself, 400 for one it refers to."""
    noun = {"payment_method": "PaymentMethod"}.get(kind, kind)
    return ApiError(
        status,
        "invalid_request_error",
        f"No such {noun}: '{identifier}'",
        code="resource_missing",
        param=param,
    )
