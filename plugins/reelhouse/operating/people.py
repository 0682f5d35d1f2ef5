"""`reelhouse people`: logins for analysts (read), scientists (read, write into curated tables and an own sandbox) and
auditors. Also who decides: the name that is recorded with what a person does in the shell.
"""

from __future__ import annotations

import argparse
import getpass
import os

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reelhouse.database import connect, translated_errors
from reelhouse.operating import embedded, logins
from reelhouse.settings import read_settings


def person(given: str | None = None) -> str:
    """The name given, else the user of this shell."""
    if given and given.strip():
        return given.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # In a container the user may have a number and no name.
        return f"uid {os.getuid()}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="make a login; its password is shown once")
    add.add_argument("name", help="2 to 31 of a-z, 0-9 and _")
    add.add_argument("--role", required=True, choices=logins.ROLES, help="what they may do")
    actions.add_parser("list", help="who may log in")
    remove = actions.add_parser("remove", help="let somebody in no more; what they wrote stays")
    remove.add_argument("name")


def run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    with embedded.warehouse_dsn(settings) as dsn, translated_errors(), connect(dsn, autocommit=True) as conn:
        if arguments.action == "add":
            password = logins.add_login(conn, arguments.name, arguments.role)
            parts = conninfo_to_dict(dsn) | {"user": arguments.name, "password": password}
            print(f"{arguments.name} is {arguments.role}. The password is shown this once:\n")
            print(f"    export REELHOUSE_WAREHOUSE_DSN='{make_conninfo(**parts)}'")
        elif arguments.action == "remove":
            ended = logins.close_login(conn, arguments.name)
            print(f"{arguments.name} may log in no more; {ended} sessions ended")
        else:
            people = logins.list_logins(conn)
            if not people:
                print("Nobody. ./reelhouse people add NAME --role ROLE lets somebody in.")
            for name, role, can_login, sessions in people:
                print(f"{name}  {role}{'' if can_login else ', closed'}  {sessions} sessions")
    return 0
