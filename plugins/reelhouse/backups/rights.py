"""Who may what, as data: roles with their memberships and settings, and every privilege in the database.

Roles belong to the server, and no dump of a database has them. Without a superuser's rights their passwords cannot be
read; everything else can.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from reelhouse.backups.everything import OURS

Role = dict[str, Any]

MEMBER = (
    "not exists (select from pg_depend where pg_depend.classid = '{0}'::regclass and objid = {1}.oid and deptype = 'e')"
)
# kind, object, owner, grantee (0 is everybody), privilege, grantable. MAINTAIN came with 17, and only owners have it.
PRIVILEGES = f"""
with held as (
    select 'database' as kind, '' as object, datdba as owner, coalesce(datacl, acldefault('d', datdba)) as acl
    from pg_database where datname = current_database()
    union all
    select 'schema', nspname, nspowner, coalesce(nspacl, acldefault('n', nspowner)) from pg_namespace where {OURS}
    union all
    select
        'relation', format('%I.%I', nspname, relname), relowner,
        coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))
    from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid
    where relkind in ('r', 'p', 'v', 'm', 'S', 'f') and {OURS} and {MEMBER.format("pg_class", "pg_class")}
    union all
    select 'column', format('%I.%I.%I', nspname, relname, attname), relowner, attacl
    from pg_attribute inner join pg_class on attrelid = pg_class.oid
    inner join pg_namespace on relnamespace = pg_namespace.oid where attacl is not null and {OURS}
    union all
    select 'function', pg_proc.oid::regprocedure::text, proowner, coalesce(proacl, acldefault('f', proowner))
    from pg_proc inner join pg_namespace on pronamespace = pg_namespace.oid
    where {OURS} and {MEMBER.format("pg_proc", "pg_proc")}
    union all
    select 'later tables', concat(nspname, ' of ', defaclobjtype), defaclrole, defaclacl
    from pg_default_acl left join pg_namespace on defaclnamespace = pg_namespace.oid
)
select
    kind, object, pg_get_userbyid(owner), case grantee when 0 then 'public' else pg_get_userbyid(grantee) end,
    privilege_type, is_grantable::text
from held, aclexplode(acl)
where privilege_type <> 'MAINTAIN'
"""
# What everybody has from PostgreSQL and was taken from them here.
TAKEN = """
select
    'taken from everybody', oid::regprocedure::text, '',
    case grantee when 0 then 'public' else pg_get_userbyid(grantee) end,
    privilege_type, ''
from pg_proc, aclexplode(proacl)
where pronamespace = 'pg_catalog'::regnamespace and proacl is not null and grantee <> 10
and not exists (select from pg_init_privs where classoid = 'pg_proc'::regclass and objoid = pg_proc.oid)
union all
select 'taken from everybody', oid::regprocedure::text, '', '', 'EXECUTE', ''
from pg_proc
where pronamespace = 'pg_catalog'::regnamespace and not has_function_privilege('public', oid, 'execute')
and not exists (select from pg_init_privs where classoid = 'pg_proc'::regclass and objoid = pg_proc.oid)
"""
# Whether they fire, also for those who would rather not be seen.
TRIGGERS = f"""
select 'trigger', format('%I.%I %I', nspname, relname, tgname), '', '', tgenabled::text, ''
from pg_trigger inner join pg_class on tgrelid = pg_class.oid inner join pg_namespace on relnamespace = pg_namespace.oid
where not tgisinternal and {OURS}
"""
EVENT_TRIGGERS = "select 'event trigger', evtname, '', '', evtenabled::text, '' from pg_event_trigger"

NAMES = """
with recursive known (oid) as (
    select oid from pg_roles where rolname ~ '^reelhouse_' or rolname = any(%(named)s)
    union
    select member from pg_auth_members inner join known on roleid = known.oid
)
select pg_roles.* from pg_roles inner join known using (oid) where rolname !~ '^pg_' order by rolname
"""


def read_privileges(conn: psycopg.Connection) -> list[str]:
    """Every privilege, owner and trigger as a line: where these are equal, the same people may do the same."""
    rows = [row for query in (PRIVILEGES, TAKEN, TRIGGERS, EVENT_TRIGGERS) for row in conn.execute(query)]
    return sorted({" | ".join(row) for row in rows})


def read_roles(conn: psycopg.Connection) -> list[Role]:
    """The roles of the warehouse, those who are members of them, and whoever owns or may do something in the database.

    Gives   name, attributes, settings, memberships; the password's digest where a superuser asks, else none, and
            none of superusers: they are the server's, and no restore makes one
    """
    named = {part for line in read_privileges(conn) for part in _people_of(line)}
    cursor = conn.execute(NAMES, {"named": sorted(named)})
    columns = [column.name for column in cursor.description or ()]
    rows = [dict(zip(columns, row, strict=True)) for row in cursor]
    (is_super,) = conn.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    digests = dict(conn.execute("select rolname, rolpassword from pg_authid").fetchall()) if is_super else {}
    groups: dict[str, list[list[Any]]] = {}
    for role, member, is_admin in conn.execute(
        "select pg_get_userbyid(roleid), pg_get_userbyid(member), bool_or(admin_option) from pg_auth_members"
        " group by 1, 2 order by 1, 2"
    ):
        groups.setdefault(member, []).append([role, is_admin])
    here = {
        name: list(config)
        for name, config in conn.execute(
            "select pg_get_userbyid(setrole), setconfig from pg_db_role_setting"
            " inner join pg_database on setdatabase = pg_database.oid where datname = current_database()"
        )
    }
    known = {row["rolname"] for row in rows}
    return [
        {
            "name": row["rolname"],
            "login": row["rolcanlogin"] and not row["rolsuper"],
            "inherit": row["rolinherit"],
            "createrole": row["rolcreaterole"],
            "createdb": row["rolcreatedb"],
            "connections": row["rolconnlimit"],
            "until": row["rolvaliduntil"].isoformat() if row["rolvaliduntil"] else None,
            "password": None if row["rolsuper"] else digests.get(row["rolname"]),
            "settings": row["rolconfig"] or [],
            "settings_here": here.get(row["rolname"], []),
            "groups": [
                group for group in groups.get(row["rolname"], []) if group[0] in known or group[0].startswith("pg_")
            ],
        }
        for row in rows
    ]


def make_roles(conn: psycopg.Connection, roles: Sequence[Role]) -> tuple[list[str], list[str]]:
    """Make the roles that are missing, and the memberships that are. Who is there already keeps password and settings.

    Gives   names made; what could not be done, each with its reason
    Reruns  makes nothing twice. Nobody becomes a superuser by it.
    """
    there = {name for (name,) in conn.execute("select rolname from pg_roles").fetchall()}
    made, refused = [], []
    for role in roles:
        if role["name"] not in there and _try(conn, _creation(role), f"role {role['name']}", refused):
            made.append(role["name"])
            for setting in role["settings"]:
                name, _, value = setting.partition("=")
                statement = _setting(sql.SQL("alter role {}").format(sql.Identifier(role["name"])), name, value)
                _try(conn, statement, f"{name} of {role['name']}", refused)
    for role in roles:
        for group, is_admin in role["groups"]:
            statement = sql.SQL("grant {} to {}{}").format(
                sql.Identifier(group),
                sql.Identifier(role["name"]),
                sql.SQL(" with admin option" if is_admin else ""),
            )
            _try(conn, statement, f"{role['name']} as member of {group}", refused)
    return made, refused


def make_ours(conn: psycopg.Connection, roles: Sequence[Role]) -> None:
    """Who is no superuser must be a member of those whose tables they are to make."""
    (is_super,) = conn.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    for role in [] if is_super else roles:
        (is_member,) = conn.execute(
            "select pg_has_role(current_user, oid, 'usage') from pg_roles where rolname = %s", (role["name"],)
        ).fetchone() or (True,)
        if not is_member:
            _try(conn, sql.SQL("grant {} to current_user").format(sql.Identifier(role["name"])), "", [])


def grant_database(conn: psycopg.Connection, privileges: Sequence[str], roles: Sequence[Role]) -> list[str]:
    """Give the database that one is connected to the privileges and settings of the one that was kept.

    Gives   what could not be done
    """
    (name,) = conn.execute("select current_database()").fetchone()
    database, refused = sql.Identifier(name), []
    _try(conn, sql.SQL("revoke all on database {} from public").format(database), "database", refused)
    lines = [line.split(" | ") for line in privileges if line.startswith("database | ")]
    for _, _, owner, grantee, verb, grantable in lines:
        if grantee != owner:
            statement = sql.SQL("grant {} on database {} to {}{}").format(
                sql.SQL(verb),
                database,
                sql.SQL("public") if grantee == "public" else sql.Identifier(grantee),
                sql.SQL(" with grant option" if grantable == "true" else ""),
            )
            _try(conn, statement, f"{verb} for {grantee}", refused)
    for owner in {line[2] for line in lines}:
        statement = sql.SQL("alter database {} owner to {}").format(database, sql.Identifier(owner))
        _try(conn, statement, f"owner {owner}", refused)
    for role in roles:
        for setting in role["settings_here"]:
            key, _, value = setting.partition("=")
            start = sql.SQL("alter role {} in database {}").format(sql.Identifier(role["name"]), database)
            _try(conn, _setting(start, key, value), f"{key} of {role['name']}", refused)
    return refused


def _people_of(line: str) -> list[str]:
    _, _, owner, grantee, _, _ = line.split(" | ")
    return [name for name in (owner, grantee) if name and name != "public"]


def _creation(role: Role) -> sql.Composed:
    words = [
        "login" if role["login"] else "nologin",
        "inherit" if role["inherit"] else "noinherit",
        "createrole" if role["createrole"] else "nocreaterole",
        "createdb" if role["createdb"] else "nocreatedb",
    ]
    parts = [sql.SQL("create role {}").format(sql.Identifier(role["name"])), sql.SQL(" ".join(words))]
    parts.append(sql.SQL("connection limit {}").format(sql.Literal(role["connections"])))
    if role["password"]:
        parts.append(sql.SQL("password {}").format(sql.Literal(role["password"])))
    if role["until"]:
        parts.append(sql.SQL("valid until {}").format(sql.Literal(role["until"])))
    return sql.SQL(" ").join(parts)


def _setting(start: sql.Composed, name: str, value: str) -> sql.Composed:
    # A list, such as a search_path, is kept as it is written; everything else is one value.
    shown = sql.SQL(value) if name == "search_path" else sql.Literal(value)
    return start + sql.SQL(" set {} = {}").format(sql.Identifier(*name.split(".")), shown)


def _try(conn: psycopg.Connection, statement: sql.Composed, what: str, refused: list[str]) -> bool:
    try:
        with conn.transaction():
            conn.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        refused.append(f"{what}: {error.diag.message_primary}")
        return False
    except (psycopg.errors.DuplicateObject, psycopg.errors.UndefinedObject) as error:
        # Made by another restore at this very moment; or a role that was gone before the backup ended.
        refused.append(f"{what}: {error.diag.message_primary}")
        return False
    return True
