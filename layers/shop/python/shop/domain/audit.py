"""The audit log: what staff and services changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """A change.

    Attributes
    ----------
    action : str
        What was done, for example ``product.changed``.
    subject, subject_id : str
        What was changed: its kind and its id.
    before, after : mapping or None
        The changed fields; None before the creation and after the deletion.
    """

    id: int
    occurred_at: datetime
    actor_id: UUID
    actor_role: str
    action: str
    subject: str
    subject_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def changed_fields(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields in which two states differ, before and after.

    >>> changed_fields({"name": "a", "price": 1}, {"name": "b", "price": 1})
    ({'name': 'a'}, {'name': 'b'})
    """
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}
