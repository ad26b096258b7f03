"""Second factors in PostgreSQL."""

from collections.abc import Sequence
from typing import Final, override
from uuid import UUID

from shop.adapters.postgres.database import Transaction
from shop.domain.second_factors import SecondFactor
from shop.services.identity.ports import SecondFactorRepository

_FIND: Final = """
    SELECT customer_id, nonce, key_id, confirmed_at FROM second_factors WHERE customer_id = %s
"""
_BEGIN: Final = """
    INSERT INTO second_factors AS known (customer_id, nonce, key_id) VALUES (%s, %s, %s)
    ON CONFLICT (customer_id) DO UPDATE
    SET nonce = EXCLUDED.nonce, key_id = EXCLUDED.key_id, begun_at = clock_timestamp()
    WHERE known.confirmed_at IS NULL
"""
_CONFIRM: Final = """
    WITH confirmed AS (
        UPDATE second_factors SET confirmed_at = clock_timestamp(), last_step = %(step)s
        WHERE customer_id = %(id)s AND nonce = %(nonce)s AND confirmed_at IS NULL RETURNING customer_id
    )
    INSERT INTO recovery_codes (customer_id, code_sha256)
    SELECT customer_id, unnest(%(digests)s::bytea[]) FROM confirmed
"""
_USE_STEP: Final = """
    UPDATE second_factors SET last_step = %(step)s
    WHERE customer_id = %(id)s AND nonce = %(nonce)s AND confirmed_at IS NOT NULL AND last_step < %(step)s
"""
_USE_RECOVERY_CODE: Final = """
    UPDATE recovery_codes SET used_at = clock_timestamp()
    WHERE customer_id = %s AND code_sha256 = %s AND used_at IS NULL
"""


class PostgresSecondFactors(SecondFactorRepository):
    """Second factors in PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @override
    def of_customer(self, customer_id: UUID) -> SecondFactor | None:
        return self._transaction.one(SecondFactor, _FIND, (customer_id,))

    @override
    def begin(self, factor: SecondFactor) -> bool:
        values = (factor.customer_id, factor.nonce, factor.key_id)
        return self._transaction.execute(_BEGIN, values) == 1

    @override
    def confirm(self, factor: SecondFactor, step: int, recovery_digests: Sequence[bytes]) -> bool:
        values = {
            "id": factor.customer_id,
            "nonce": factor.nonce,
            "step": step,
            "digests": list(recovery_digests),
        }
        return self._transaction.execute(_CONFIRM, values) > 0

    @override
    def use_step(self, factor: SecondFactor, step: int) -> bool:
        values = {"id": factor.customer_id, "nonce": factor.nonce, "step": step}
        return self._transaction.execute(_USE_STEP, values) == 1

    @override
    def use_recovery_code(self, customer_id: UUID, digest: bytes) -> bool:
        return self._transaction.execute(_USE_RECOVERY_CODE, (customer_id, digest)) == 1

    @override
    def remove(self, customer_id: UUID) -> bool:
        removed = self._transaction.execute(
            "DELETE FROM second_factors WHERE customer_id = %s", (customer_id,)
        )
        return removed == 1
