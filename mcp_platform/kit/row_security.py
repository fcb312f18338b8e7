"""Database roles and row-level security, as the SQL that migrations run.

It says which role may do what to which kind of table. A migration that makes a table says of which
kind it is. A forgotten table can be reached by its owner alone, and fails the test that lists all.
"""

from enum import StrEnum
from typing import Literal

from mcp_platform.kit.database import EVERYBODY, SETTING


class DatabaseRole(StrEnum):
    """What the parts of the platform act as. None of them can log in by itself."""

    INGEST = "mcp_ingest"
    """Records what arrives, of any tenant, and reads nothing of it."""
    WORKER = "mcp_worker"
    """Answers: the rows of the tenant that its transaction names."""
    ADMIN = "mcp_admin"
    """Administers: every row; of the audit trail, to add and to read."""
    TENANT = "mcp_tenant"
    """The parent of each tenant's own login, which is bound to its rows by its name."""


Kind = Literal["work", "catalogue", "administration", "audit"]
"""`work`: of a tenant, written as its contacts are answered. `catalogue`: of a tenant, only read
then. `administration`: of the platform. `audit`: the same, and nothing is changed or taken away."""

_EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"
_GRANTS: dict[Kind, dict[DatabaseRole, str]] = {
    "work": dict.fromkeys(
        (DatabaseRole.WORKER, DatabaseRole.TENANT, DatabaseRole.ADMIN), _EVERYTHING
    ),
    "catalogue": {
        DatabaseRole.WORKER: "SELECT",
        DatabaseRole.TENANT: "SELECT",
        DatabaseRole.ADMIN: _EVERYTHING,
    },
    "administration": {DatabaseRole.ADMIN: _EVERYTHING},
    "audit": {DatabaseRole.ADMIN: "SELECT, INSERT"},
}

# Not an InitPlan: most statements touch one row, and this is cheaper than starting one.
_NAMED = f"current_setting('{SETTING}', true) IN ('{EVERYBODY}', {{column}}::text)"
# `tenants` is itself under row-level security: it shows a tenant's login its own row only.
# A login's name is of another collation than text, and would not be looked up in the index.
_MY_TENANT = 'database_role = (CURRENT_USER::text COLLATE "default")'
_MINE = f"{{column}} = (SELECT id FROM tenants WHERE {_MY_TENANT})"  # noqa: S608  # a constant

CREATE_ROLES = f"""
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[{", ".join(f"'{role}'" for role in DatabaseRole)}] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION
                -- Roles are of the whole server: another database is being migrated just now.
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'the role % is missing, and % may not create roles',
                        wanted, current_user
                    USING HINT = format('Let a superuser run: %2$s ALTER ROLE %1$I CREATEROLE; '
                        'GRANT {", ".join(DatabaseRole)} TO %1$I WITH ADMIN OPTION;', current_user, (
                            SELECT string_agg(format('CREATE ROLE %I NOLOGIN;', role), ' ')
                            FROM unnest(ARRAY[{", ".join(f"'{role}'" for role in DatabaseRole)}]) AS role
                            WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)));
            END;
        END IF;
        -- Who owns the schema may act as any part: on one machine there is one login for all.
        IF NOT pg_has_role(current_user, wanted, 'SET') THEN
            BEGIN
                EXECUTE format('GRANT %I TO CURRENT_USER WITH INHERIT FALSE, SET TRUE', wanted);
            EXCEPTION
                WHEN insufficient_privilege THEN
                    RAISE NOTICE '% may not act as %', current_user, wanted;
            END;
        END IF;
    END LOOP;
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO {", ".join(DatabaseRole)};
END
$$
"""  # noqa: S608  # only constants of this module are interpolated


def protect(table: str, kind: Kind, *, column: str | None = "tenant_id") -> list[str]:
    """Return what grants on `table`, and forces row-level security on it.

    `column` says whose a row is; None: rows are nobody's, and privileges are all there is.
    """
    grants = _GRANTS[kind]
    statements = [f"GRANT {grants[role]} ON {table} TO {role}" for role in grants]
    if column is None:
        return statements
    statements += force(table)
    visible = {DatabaseRole.WORKER: _NAMED, DatabaseRole.TENANT: _MINE, DatabaseRole.ADMIN: "true"}
    for role in grants:
        rows = visible[role].format(column=column)
        statements.append(f"CREATE POLICY {role} ON {table} TO {role} USING ({rows})")
    return statements


def force(table: str) -> list[str]:
    """Return what puts `table` under row-level security, its owner included.

    Who owns it is let through by a policy like anybody else: migrations and maintenance are its.
    """
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true)",
    ]


def protect_tenants() -> list[str]:
    """Return what protects `tenants` and `clients`, by which the other policies go."""
    return [
        *force("tenants"),
        *force("clients"),
        f"GRANT {_EVERYTHING} ON tenants, clients TO {DatabaseRole.ADMIN}",
        f"GRANT SELECT ON tenants, clients TO {DatabaseRole.WORKER}, {DatabaseRole.TENANT}",
        f"CREATE POLICY {DatabaseRole.ADMIN} ON tenants TO {DatabaseRole.ADMIN} USING (true)",
        f"CREATE POLICY {DatabaseRole.ADMIN} ON clients TO {DatabaseRole.ADMIN} USING (true)",
        f"CREATE POLICY {DatabaseRole.WORKER} ON tenants TO {DatabaseRole.WORKER}"
        f" USING ({_NAMED.format(column='id')})",
        f"CREATE POLICY {DatabaseRole.TENANT} ON tenants TO {DatabaseRole.TENANT} USING ({_MY_TENANT})",
        # Of clients, those whose tenants can be seen.
        f"CREATE POLICY of_tenants ON clients TO {DatabaseRole.WORKER}, {DatabaseRole.TENANT}"
        " USING (EXISTS (SELECT FROM tenants WHERE client_name = clients.name))",
    ]


def protect_ingest() -> list[str]:
    """Return what lets the ingest role record what arrives, and see of it only what was new."""
    return [
        f"GRANT INSERT ON inbox_events, quarantined_events TO {DatabaseRole.INGEST}",
        f"GRANT SELECT (tenant_id, key) ON inbox_events TO {DatabaseRole.INGEST}",
        f"CREATE POLICY {DatabaseRole.INGEST} ON inbox_events TO {DatabaseRole.INGEST}"
        " USING (true) WITH CHECK (true)",
        f"CREATE POLICY {DatabaseRole.INGEST} ON quarantined_events FOR INSERT TO {DatabaseRole.INGEST}"
        " WITH CHECK (true)",
    ]


def protect_trail() -> list[str]:
    """Return what lets the process that answers for a tenant write its API calls into the trail.

    Of that kind alone, and nothing is read: what a tenant's login writes can pass for nobody's else.
    """
    columns = "actor_kind, actor, role, trace_id, action, target, tenant_id, after"
    statements = []
    for role, rows in ((DatabaseRole.WORKER, _NAMED), (DatabaseRole.TENANT, _MINE)):
        statements += [
            f"GRANT INSERT ({columns}) ON audit_entries TO {role}",
            f"CREATE POLICY {role} ON audit_entries FOR INSERT TO {role}"
            f" WITH CHECK (actor_kind = 'token' AND {rows.format(column='tenant_id')})",
        ]
    return statements


def protect_queue(schema: str, *, consumer: str) -> list[str]:
    """Return what lets `consumer` work off the queue in `schema`, and the ingest role fill it."""
    return [
        f"GRANT USAGE ON SCHEMA {schema} TO {consumer}, {DatabaseRole.INGEST}",
        f"GRANT {_EVERYTHING} ON ALL TABLES IN SCHEMA {schema} TO {consumer}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {consumer}",
        f"GRANT INSERT ON {schema}.pgqueuer TO {DatabaseRole.INGEST}",
        f"GRANT USAGE ON SEQUENCE {schema}.pgqueuer_id_seq TO {DatabaseRole.INGEST}",
    ]
