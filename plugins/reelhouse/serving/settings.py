"""What can be set of the app: environment variables, each with a sensible default.

========================== ============================================================ ===================
variable                   what                                                         default
========================== ============================================================ ===================
REELHOUSE_API_READ_DSN     a replica that answers questions; keys and decisions go to   the warehouse
                           the warehouse itself. When one of the two is away the other
                           answers questions, and says how old its answer is
REELHOUSE_API_CONNECTIONS  most connections a worker holds for questions                8
REELHOUSE_API_SECONDS      after which a question is given up                           10
REELHOUSE_API_RATE         requests a minute that one key may make of one worker        6000
REELHOUSE_API_ORIGINS      web origins whose pages may ask (CORS), with commas between  none
REELHOUSE_API_UPLOAD_MB    largest file that may be uploaded                            2048
REELHOUSE_AIRFLOW_URL      Airflow that is to load a file that was sent                 the one of `up`
REELHOUSE_AIRFLOW_PASSWORDS_FILE
                           JSON file with the password of its user `admin`
REELHOUSE_OIDC_ISSUER      login server (OpenID Connect) for people                     none: keys only
REELHOUSE_OIDC_CLIENT_ID   how it knows us
REELHOUSE_OIDC_SECRET_FILE file with what we show it
REELHOUSE_OIDC_ROLES       group=scope+scope pairs with commas between                  none
REELHOUSE_OIDC_GROUPS      claim that names a person's groups                           groups
REELHOUSE_OIDC_SCOPES      what the login server is asked for                           openid profile email
========================== ============================================================ ===================
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reelhouse.errors import SettingsWrong

SCOPES = ("read", "write", "review")


@dataclass(frozen=True, slots=True)
class Oidc:
    """The login server for people, and which of its groups may do what."""

    issuer: str
    client_id: str
    secret: str
    roles: tuple[tuple[str, frozenset[str]], ...]
    groups_claim: str = "groups"
    asks_for: str = "openid profile email"


@dataclass(frozen=True, slots=True)
class ServingSettings:
    """Switches of the app; see the table above."""

    read_dsn: str | None = None
    connections: int = 8
    seconds: float = 10.0
    rate: int = 6000
    origins: tuple[str, ...] = ()
    upload_bytes: int = 2048 << 20
    oidc: Oidc | None = None
    airflow_url: str | None = None
    airflow_passwords: Path | None = None


def read_serving_settings(env: Mapping[str, str] | None = None) -> ServingSettings:
    """Settings of the app.

    Raises  SettingsWrong when a value is not usable
    """
    env = os.environ if env is None else env
    return ServingSettings(
        read_dsn=env.get("REELHOUSE_API_READ_DSN") or None,
        connections=_count(env, "REELHOUSE_API_CONNECTIONS", 8),
        seconds=float(_count(env, "REELHOUSE_API_SECONDS", 10)),
        rate=_count(env, "REELHOUSE_API_RATE", 6000),
        origins=tuple(word.strip() for word in env.get("REELHOUSE_API_ORIGINS", "").split(",") if word.strip()),
        upload_bytes=_count(env, "REELHOUSE_API_UPLOAD_MB", 2048) << 20,
        oidc=_oidc(env),
        airflow_url=(env.get("REELHOUSE_AIRFLOW_URL") or "").rstrip("/") or None,
        airflow_passwords=Path(name) if (name := env.get("REELHOUSE_AIRFLOW_PASSWORDS_FILE")) else None,
    )


def _count(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not (value.isascii() and value.isdecimal() and 0 < int(value) < 10**9):
        raise SettingsWrong(f"{name}: expected a whole number above 0, found {value!r}. Correct or unset it.")
    return int(value)


def _oidc(env: Mapping[str, str]) -> Oidc | None:
    issuer = env.get("REELHOUSE_OIDC_ISSUER")
    if not issuer:
        return None
    missing = [name for name in ("REELHOUSE_OIDC_CLIENT_ID", "REELHOUSE_OIDC_SECRET_FILE") if not env.get(name)]
    if missing:
        raise SettingsWrong(f"REELHOUSE_OIDC_ISSUER: expected with it {' and '.join(missing)}, found none. Set them.")
    path = Path(env["REELHOUSE_OIDC_SECRET_FILE"])
    if not path.is_file():
        raise SettingsWrong(f"REELHOUSE_OIDC_SECRET_FILE: expected a file, found {path}. Correct it.")
    roles = parse_roles(env.get("REELHOUSE_OIDC_ROLES", ""))
    return Oidc(
        issuer.rstrip("/"),
        env["REELHOUSE_OIDC_CLIENT_ID"],
        path.read_text().strip(),
        roles,
        env.get("REELHOUSE_OIDC_GROUPS") or "groups",
        env.get("REELHOUSE_OIDC_SCOPES") or "openid profile email",
    )


def parse_roles(text: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """
    >>> [(group, sorted(scopes)) for group, scopes in parse_roles("staff=read, editors=read+review")]
    [('staff', ['read']), ('editors', ['read', 'review'])]
    """
    roles = []
    for pair in filter(None, (word.strip() for word in text.split(","))):
        group, _, scopes = pair.partition("=")
        asked = frozenset(scopes.split("+"))
        if not group or not asked <= set(SCOPES):
            raise SettingsWrong(
                f"REELHOUSE_OIDC_ROLES: expected group=scope+scope with scopes of {', '.join(SCOPES)}, found {pair!r}."
            )
        roles.append((group, asked))
    return tuple(roles)
