"""Tax and shipping rates in the tests, whose functional database keeps what the migrations put into it."""

import psycopg


def restore_rates(database_url: str) -> None:
    """Delete every version of rates but those of the migrations."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE orders SET tax_rates_version = NULL, shipping_rates_version = NULL"
        )
        for table in ("tax_rates", "shipping_rates", "rate_versions"):
            connection.execute(f"DELETE FROM {table} WHERE version > 2")
