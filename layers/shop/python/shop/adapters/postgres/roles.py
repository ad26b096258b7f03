"""The role as which the functions connect: it reads and writes rows and cannot change the schema."""

import psycopg
from psycopg import sql

#: What the role may do, after each migration: a table that a migration adds is included.
_GRANTS = (
    "GRANT CONNECT ON DATABASE {database} TO {role}",
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM {role}",
)


def make_application_role(database_url: str, name: str, password: str) -> None:
    """Create the role if it does not exist, set its password and its rights; safe to repeat.

    Parameters
    ----------
    database_url : str
        ``postgresql://…`` of the owner, after the migrations.
    """
    role = sql.Identifier(name)
    with psycopg.connect(database_url) as connection:
        database = sql.Identifier(connection.info.dbname)
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE ROLE {}").format(role))
        # As a verifier, so that no log of statements has the password.
        verifier = connection.pgconn.encrypt_password(
            password.encode(), name.encode(), b"scram-sha-256"
        )
        connection.execute(
            sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(verifier.decode()))
        )
        for grant in _GRANTS:
            connection.execute(sql.SQL(grant).format(database=database, role=role))
