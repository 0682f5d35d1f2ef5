"""What `reelhouse doctor --security` looks at: the server, its roles, files and settings as they are now.

The items of the CIS benchmark for PostgreSQL and of OWASP's ASVS that each check belongs to stand in SECURITY.md.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from reelhouse.auditing import HEADS, verify
from reelhouse.database import connect
from reelhouse.errors import ReelhouseError
from reelhouse.operating import airflow, embedded, postgres, supervising
from reelhouse.operating.doctor import Finding
from reelhouse.settings import Settings

PEOPLE = ("reelhouse_analyst", "reelhouse_scientist", "reelhouse_auditor")
# Set in the environment they are seen by every process of this user; in a shell's file by every backup of it.
SECRETS_IN_ENVIRONMENT = ("PGPASSWORD",)
SHELL_FILES = (".profile", ".bashrc", ".bash_profile", ".zshrc", ".zprofile", ".env")


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything; what cannot be seen is said, not passed over."""
    for check in HERE:
        yield from check(settings)
    try:
        with embedded.warehouse_dsn(settings) as dsn, connect(dsn, "reelhouse doctor", autocommit=True) as conn:
            for subject, check in IN_THE_DATABASE.items():
                try:
                    yield from check(conn, settings)
                except psycopg.errors.InsufficientPrivilege as error:
                    yield Finding(
                        "warn", subject, f"not seen: {error.diag.message_primary}", "Look again as a superuser."
                    )
    except ReelhouseError as error:
        yield Finding("bad", "server", str(error))


# --- this machine ---------------------------------------------------------------------------------------------


def check_user(settings: Settings) -> Iterator[Finding]:
    in_container = Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()
    if os.geteuid():
        yield Finding("ok", "user", f"number {os.geteuid()}, not root")
    elif in_container:
        yield Finding("bad", "user", "root in a container", "The image has a user of its own: do not set `user: 0`.")
    else:
        yield Finding(
            "warn",
            "user",
            "root; the server itself drops to another user",
            "Run it as an ordinary user: it needs no more.",
        )


def check_files(settings: Settings) -> Iterator[Finding]:
    """Files with secrets, and the folders they lie in, are of their owner alone."""
    kept = airflow.airflow_home(settings)
    server = postgres.server_folder(settings.home)
    backups = settings.home / "backups"
    files = [kept / "secrets.json", airflow.passwords_file(settings), server / "password", server / "postgres.log"]
    files += list(backups.glob("*/rights.json")) if backups.is_dir() else []
    open_ones = [path for path in files if path.exists() and path.stat().st_mode & 0o077]
    for path in open_ones:
        yield Finding("bad", "files", f"{path}: others may read it", f"chmod 600 {path}, and make new secrets.")
    if settings.home.is_dir() and settings.home.stat().st_mode & 0o022:
        yield Finding("bad", "files", f"{settings.home}: others may write to it", f"chmod go-w {settings.home}")
    elif not open_ones:
        there = sum(path.exists() for path in files)
        yield Finding("ok", "files", f"{there} files with secrets, each of its owner alone")


def check_environment(settings: Settings) -> Iterator[Finding]:
    named = [name for name in SECRETS_IN_ENVIRONMENT if os.environ.get(name)]
    home = Path(os.environ.get("HOME") or "/nonexistent")
    named += [
        f"~/{name}" for name in SHELL_FILES
        if os.access(home / name, os.R_OK) and (home / name).is_file()
        and re.search(r"^\s*(export\s+)?PGPASSWORD=", (home / name).read_text(errors="replace"), re.MULTILINE)
    ]  # fmt: skip
    for name in named:
        yield Finding("warn", "secrets", f"{name} holds a password", "Put it into a file of mode 0600: PGPASSFILE.")
    if settings.warehouse_dsn and psycopg.conninfo.conninfo_to_dict(settings.warehouse_dsn).get("password"):
        yield Finding(
            "warn", "secrets", "REELHOUSE_WAREHOUSE_DSN holds a password",
            "Name a file of mode 0600 in it instead: passfile=/path (libpq's format).",
        )  # fmt: skip
    elif not named:
        yield Finding("ok", "secrets", "no password in the environment or the shell's files")
    if settings.network.allows_http:
        yield Finding("warn", "http", "REELHOUSE_ALLOW_HTTP=1: files may come unencrypted", "Unset it when you can.")


def check_airflow(settings: Settings) -> Iterator[Finding]:
    manager = os.environ.get("AIRFLOW__CORE__AUTH_MANAGER", "SimpleAuthManager").rsplit(".", 1)[-1]
    if os.environ.get("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "").lower() in ("1", "true"):
        yield Finding(
            "bad", "airflow", "SIMPLE_AUTH_MANAGER_ALL_ADMINS: everybody is admin, without a password", "Unset it."
        )
    elif manager == "SimpleAuthManager":
        yield Finding(
            "warn", "airflow", "SimpleAuthManager: a file of passwords, for one machine and few people",
            "For more of them: AIRFLOW__CORE__AUTH_MANAGER with the FAB or the Keycloak provider.",
        )  # fmt: skip
    else:
        yield Finding("ok", "airflow", f"people log in by {manager}")
    running = supervising.read_running(settings)
    if running and not _is_local(re.sub(r"^\w+://|:\d+.*$", "", running.url)):
        yield Finding("warn", "airflow", f"listens at {running.url}", "Put a TLS proxy before it, or bind 127.0.0.1.")


# --- the database ---------------------------------------------------------------------------------------------


def check_transport(conn: psycopg.Connection, settings: Settings) -> Iterator[Finding]:
    """Who is asked from afar is asked encrypted."""
    said = conn.execute("show listen_addresses").fetchone()[0]
    has_tls = conn.execute("show ssl").fetchone()[0] == "on"
    beyond = [address.strip() for address in said.split(",") if address.strip() and not _is_local(address.strip())]
    if beyond and not has_tls:
        yield Finding(
            "bad", "tls", f"listens at {', '.join(beyond)}, without TLS",
            "Set ssl = on with a certificate, and hostssl in pg_hba.conf; or listen at 127.0.0.1 only.",
        )  # fmt: skip
    else:
        yield Finding("ok", "tls", f"listens at {said or 'a socket only'}{' with TLS' if has_tls else ''}")
    used = conn.execute("select ssl from pg_stat_ssl where pid = pg_backend_pid()").fetchone()
    host = conn.info.host or ""
    if not (used and used[0]) and host and not host.startswith("/") and not _is_local(host):
        yield Finding(
            "bad", "tls", f"our own connection to {host} is not encrypted", "Add sslmode=verify-full to the DSN."
        )


def check_entrance(conn: psycopg.Connection, settings: Settings) -> Iterator[Finding]:
    rows = conn.execute(
        "select line_number, type, coalesce(address, 'local'), auth_method, error from pg_hba_file_rules order by 1"
    ).fetchall()
    wrong = [row for row in rows if row[3] in ("trust", "password", "md5", "ident") or row[4]]
    for line, kind, address, method, error in wrong:
        state = "bad" if method in ("trust", "password") or error else "warn"
        yield Finding(
            state, "pg_hba", f"line {line}: {kind} {address} {error or method}", "Use scram-sha-256 (peer for sockets)."
        )
    if not wrong:
        yield Finding("ok", "pg_hba", f"{len(rows)} rules, none trusts or takes weak passwords")


def check_passwords(conn: psycopg.Connection, settings: Settings) -> Iterator[Finding]:
    (how,) = conn.execute("show password_encryption").fetchone()
    if how != "scram-sha-256":
        yield Finding("bad", "passwords", f"new ones are kept as {how}", "Set password_encryption = 'scram-sha-256'.")
    weak = conn.execute(
        "select rolname, coalesce(left(rolpassword, 3), 'none') from pg_authid"
        " where rolcanlogin and rolpassword !~ '^SCRAM-SHA-256'"
    ).fetchall()
    for name, kind in weak:
        yield Finding("bad", "passwords", f"that of {name} is kept as {kind}", f"As {name}: \\password in psql.")
    if how == "scram-sha-256" and not weak:
        yield Finding("ok", "passwords", "kept as SCRAM digests only")


def check_roles(conn: psycopg.Connection, settings: Settings) -> Iterator[Finding]:
    mighty = conn.execute(
        "select distinct pg_roles.rolname from pg_roles inner join pg_auth_members on member = pg_roles.oid"
        " inner join pg_roles as job on job.oid = roleid where job.rolname = any(%s)"
        " and (pg_roles.rolsuper or pg_roles.rolcreaterole or pg_roles.rolcreatedb or pg_roles.rolbypassrls"
        " or pg_roles.rolreplication)",
        (list(PEOPLE),),
    ).fetchall()
    for (name,) in mighty:
        yield Finding(
            "bad", "roles", f"{name} is a person and may more than people may", f"alter role {name} nosuperuser …"
        )
    groups = conn.execute(
        "select rolname from pg_roles where rolname ~ '^reelhouse_' and (rolcanlogin or rolsuper)"
    ).fetchall()
    for (name,) in groups:
        yield Finding("bad", "roles", f"{name}: a group that may log in", f"alter role {name} nologin nosuperuser")
    missing = [name for name in PEOPLE if conn.execute("select to_regrole(%s)", (name,)).fetchone()[0] is None]
    if missing:
        yield Finding("warn", "roles", f"missing: {', '.join(missing)}", "A superuser runs: select ops.make_roles()")
    if not (mighty or groups or missing):
        (count,) = conn.execute(
            "select count(distinct member) from pg_auth_members inner join pg_roles as job on job.oid = roleid"
            " where job.rolname = any(%s)", (list(PEOPLE),),
        ).fetchone()  # fmt: skip
        yield Finding("ok", "roles", f"{count} people, none of them mighty; nobody logs in as a group")
    (is_super,) = conn.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    if is_super and settings.warehouse_dsn:
        yield Finding(
            "warn", "roles", f"the pipeline itself comes as a superuser, {conn.info.user}",
            "Only sandboxes need one. Else a login of its own will do: create role etl login in role reelhouse_etl.",
        )  # fmt: skip


def check_everybody(conn: psycopg.Connection, settings: Settings) -> Iterator[Finding]:
    """What everybody may who can log in to the server."""
    said = [
        what for what, question in {
            "connect to the database": "has_database_privilege('public', current_database(), 'connect')",
            "make temporary tables": "has_database_privilege('public', current_database(), 'temporary')",
            "make tables in schema public": "has_schema_privilege('public', 'public', 'create')",
            "write large objects": "has_function_privilege('public', 'pg_catalog.lo_create(oid)', 'execute')",
            "take advisory locks": "has_function_privilege('public', 'pg_catalog.pg_advisory_lock(bigint)', 'execute')",
        }.items()
        if conn.execute(f"select {question}").fetchone()[0]
    ]  # fmt: skip
    said += [
        f"{verb.lower()} {relation}" for relation, verb in conn.execute(
            "select pg_class.oid::regclass::text, privilege_type from pg_class"
            " inner join pg_namespace on relnamespace = pg_namespace.oid, aclexplode(relacl)"
            " where grantee = 0 and relkind in ('r', 'p', 'v', 'm', 'S') and nspname !~ '^pg_'"
            " and nspname <> 'information_schema' and not exists (select from pg_depend"
            " where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype = 'e')"
        )
    ]  # fmt: skip
    for what in said:
        yield Finding("bad", "everybody", f"may {what}", "A superuser runs: select ops.make_roles(); or revoke it.")
    if not said:
        yield Finding("ok", "everybody", "may nothing here, not even connect")


def check_audit(conn: psycopg.Connection, settings: Settings) -> Iterator[Finding]:
    silent = conn.execute(
        "select tgrelid::regclass::text from pg_trigger where tgname ~ '^audit_' and tgenabled <> 'A' group by 1"
    ).fetchall()
    for (table,) in silent:
        yield Finding("bad", "audit", f"does not see every write to {table}", f"select audit.watch('{table}') anew.")
    watched = conn.execute(
        "select count(*) from pg_event_trigger where evtname ~ '^reelhouse_sandbox' and evtenabled <> 'D'"
    ).fetchone()[0]
    has_sandboxes = conn.execute("select exists (select from pg_namespace where nspname ~ '^sandbox_')").fetchone()[0]
    if watched < 2 and has_sandboxes:
        yield Finding(
            "bad", "audit", "sandboxes are not watched", "A superuser enables the triggers reelhouse_sandbox_*."
        )
    problems = verify(conn, settings.home / HEADS)
    for entry, problem in problems[:3]:
        yield Finding("bad", "audit", f"entry {entry}: {problem}", "reelhouse audit verify; somebody edited it.")
    if not silent and not problems:
        (count,) = conn.execute("select count(*) from audit.entry").fetchone()
        yield Finding("ok", "audit", f"{count:,} entries, the chain is whole")


def check_keys(conn: psycopg.Connection, settings: Settings) -> Iterator[Finding]:
    endless = conn.execute(
        "select key_id, key_name from ops.api_key where expires_at is null and revoked_at is null order by 1"
    ).fetchall()
    for number, name in endless[:5]:
        yield Finding("warn", "keys", f"{number} ({name}) never expires", "Next time: keys create NAME --days 90.")
    if not endless:
        yield Finding("ok", "keys", "every key to the API ends some day")


def check_logging(conn: psycopg.Connection, settings: Settings) -> Iterator[Finding]:
    wanted = {
        "log_connections": lambda value: value not in ("off", ""),
        "log_disconnections": lambda value: value == "on",
        "log_line_prefix": lambda value: all(part in value for part in ("%m", "%p", "%d")) and ("%u" in value),
        "log_error_verbosity": lambda value: value in ("default", "verbose"),
        "log_timezone": lambda value: value in ("UTC", "Etc/UTC", "GMT"),
    }
    wrong = []
    for name, is_good in wanted.items():
        (value,) = conn.execute("select current_setting(%s)", (name,)).fetchone()
        if not is_good(value):
            wrong.append(f"{name} = '{value}'")
    if wrong:
        yield Finding(
            "warn", "logging", ", ".join(wrong),
            "Who came and went is not in the log: log_connections, log_disconnections on; prefix '%m [%p] %q%u@%d '.",
        )  # fmt: skip
    else:
        yield Finding("ok", "logging", "tells who came and went, when, in UTC")


def check_checksums(conn: psycopg.Connection, settings: Settings) -> Iterator[Finding]:
    if conn.execute("show data_checksums").fetchone()[0] == "on":
        yield Finding("ok", "checksums", "a page that the disk changed is noticed")
    else:
        yield Finding(
            "warn", "checksums", "off: a page that the disk changed is taken as it is", "pg_checksums --enable"
        )


HERE: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    check_user, check_files, check_environment, check_airflow,
)  # fmt: skip
IN_THE_DATABASE: dict[str, Callable[[psycopg.Connection, Settings], Iterator[Finding]]] = {
    "tls": check_transport,
    "pg_hba": check_entrance,
    "passwords": check_passwords,
    "roles": check_roles,
    "everybody": check_everybody,
    "audit": check_audit,
    "keys": check_keys,
    "logging": check_logging,
    "checksums": check_checksums,
}


def _is_local(address: str) -> bool:
    """Whether nobody but this machine reaches an address.

    >>> [_is_local(address) for address in ("localhost", "127.0.0.1", "::1", "*", "0.0.0.0", "10.0.0.1", "db")]
    [True, True, True, False, False, False, False]
    """
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
