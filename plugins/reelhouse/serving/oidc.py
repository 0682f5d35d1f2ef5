"""Logging in at a login server (OpenID Connect): it says who somebody is and which groups they are in; ours say what
that allows. Authlib does the protocol: authorization code with PKCE, state, nonce, and the signature of the answer.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from dataclasses import dataclass

from authlib.common.errors import AuthlibBaseError
from fastapi import Request, Response
from httpx2 import HTTPError
from joserfc.errors import JoseError

from reelhouse.serving.problems import NotAllowed, NotKnown, NotReady
from reelhouse.serving.settings import Oidc

log = logging.getLogger("reelhouse.serving.oidc")

# Of the claims that say who somebody is, the first there is.
NAMES = ("preferred_username", "email", "sub")
LOGIN_SECONDS = 600
NEXT = "next"


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Somebody whom the login server knows, what they may, and the page they wanted."""

    name: str
    scopes: frozenset[str]
    next: str


class LoginServer:
    """The login server that the settings name. Asked when somebody logs in, not before."""

    def __init__(self, oidc: Oidc) -> None:
        # Who names no login server need not load it.
        from authlib.integrations.starlette_client import OAuth

        self.oidc = oidc
        self.client = OAuth().register(
            "server",
            client_id=oidc.client_id,
            client_secret=oidc.secret,
            server_metadata_url=f"{oidc.issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": oidc.asks_for, "code_challenge_method": "S256", "timeout": 10},
        )

    @property
    def cookie_key(self) -> str:
        """Signs the cookie between the two halves of a login; the same in all workers."""
        return hmac.new(self.oidc.secret.encode(), b"login cookie", hashlib.sha256).hexdigest()

    async def lead_there(self, request: Request, next: str) -> Response:
        """
        Raises  NotReady when the login server does not answer
        """
        request.session[NEXT] = next
        try:
            return await self.client.authorize_redirect(request, _callback(request))
        except HTTPError as error:
            raise _away(error) from error

    async def come_back(self, request: Request) -> LoggedIn:
        """Whom the login server has sent back.

        Raises  NotKnown, NotAllowed, NotReady
        """
        next = request.session.get(NEXT, "/")
        try:
            token = await self.client.authorize_access_token(request)
        except (AuthlibBaseError, JoseError) as error:
            log.warning("login refused: %s", type(error).__name__)
            raise NotKnown("Expected an answer of the login server to a login begun here, found another.") from error
        except HTTPError as error:
            raise _away(error) from error
        finally:
            request.session.clear()
        claims = token.get("userinfo") or {}
        name = first_text(claims.get(each) for each in NAMES)
        if name is None:
            raise NotKnown("The login server did not say who you are.")
        groups = claims.get(self.oidc.groups_claim) or []
        scopes = scopes_of([groups] if isinstance(groups, str) else groups, self.oidc)
        if not scopes:
            log.warning("login refused: %s is in no group that may anything", name)
            raise NotAllowed(f"{name} is in no group that may look at this. Ask whoever runs it.")
        return LoggedIn(name, scopes, next)


def first_text(values) -> str | None:
    return next((value for value in values if isinstance(value, str) and value), None)


def scopes_of(groups: list[str], oidc: Oidc) -> frozenset[str]:
    """What somebody may who is in these groups: all that any of them may."""
    allowed: set[str] = set()
    for group, scopes in oidc.roles:
        if group in groups:
            allowed |= scopes
    return frozenset(allowed)


def _callback(request: Request) -> str:
    # On the very path of the login, so that nothing more is open to anybody.
    return str(request.base_url).rstrip("/") + "/login"


def _away(error: Exception) -> NotReady:
    log.warning("login server: %s", type(error).__name__)
    return NotReady("The login server does not answer. Try again, or log in with a key.")
