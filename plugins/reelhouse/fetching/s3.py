"""Objects of S3-compatible storage, as URLs with signed headers (AWS Signature Version 4).

In Airflow the keys are those of the connection `storage`, elsewhere those that every S3 tool reads:
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, else the profile AWS_PROFILE of ~/.aws/credentials.
Without any, requests are not signed: public buckets need none.
"""

from __future__ import annotations

import configparser
import hashlib
import hmac
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

from reelhouse.errors import SettingsWrong
from reelhouse.fetching.downloading import Remote
from reelhouse.settings import S3Keys

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


def object_of(
    url: str, endpoint: str | None, env: Mapping[str, str] | None = None, keys: S3Keys | None = None
) -> Remote:
    """The object that `s3://bucket/key` names.

    Takes   endpoint  URL of an S3-compatible server; AWS by default
            keys      by default those that every S3 tool finds
    Raises  SettingsWrong
    """
    env = os.environ if env is None else env
    parts = urlsplit(url)
    bucket, key = parts.netloc, parts.path.lstrip("/")
    if not bucket or not key or "@" in bucket or parts.query:
        found = f"s3://{bucket.rpartition('@')[2]}/{key}{'?…' if parts.query else ''}"
        raise SettingsWrong(f"s3 origin: expected s3://bucket/folder/, found {found}.")
    region = (keys and keys.region) or env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "us-east-1"
    if endpoint:
        base = f"{endpoint.rstrip('/')}/{bucket}"
    elif "." in bucket:
        # A certificate for *.s3.… does not cover a name with more dots.
        base = f"https://s3.{region}.amazonaws.com/{bucket}"
    else:
        base = f"https://{bucket}.s3.{region}.amazonaws.com"
    target = f"{base}/{quote(key, safe='/-_.~')}"
    keys = keys or find_keys(env)
    sign = partial(signed_headers, target, keys, region) if keys else dict
    return Remote(target, f"s3://{bucket}/{key}", sign)


def find_keys(env: Mapping[str, str]) -> S3Keys | None:
    """The keys of the environment, else those of the credentials file."""
    if env.get("AWS_ACCESS_KEY_ID") and env.get("AWS_SECRET_ACCESS_KEY"):
        return S3Keys(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN"))
    path = Path(env.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").expanduser()
    file = configparser.RawConfigParser()
    try:
        file.read(path)
    except configparser.Error:
        raise SettingsWrong(f"{path}: expected an AWS credentials file, found something else.") from None
    profile = env.get("AWS_PROFILE") or "default"
    if not file.has_option(profile, "aws_access_key_id") or not file.has_option(profile, "aws_secret_access_key"):
        return None
    section = file[profile]
    return S3Keys(section["aws_access_key_id"], section["aws_secret_access_key"], section.get("aws_session_token"))


def signed_headers(
    url: str, keys: S3Keys, region: str, now: datetime | None = None, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Headers that sign a GET without a body.

    Takes   more  further headers to sign
    """
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    headers = {"x-amz-content-sha256": EMPTY_SHA256, "x-amz-date": stamp, **(more or {})}
    if keys.token:
        headers["x-amz-security-token"] = keys.token
    signed = {name.lower(): value for name, value in (headers | {"host": parts.netloc}).items()}
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed))
    request = f"GET\n{parts.path}\n{parts.query}\n{lines}\n{names}\n{EMPTY_SHA256}"
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    text = f"{ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{keys.secret}".encode()
    for word in (*scope.split("/"), text):
        key = hmac.digest(key, word.encode(), "sha256")
    credential = f"Credential={keys.access}/{scope}"
    return headers | {"Authorization": f"{ALGORITHM} {credential}, SignedHeaders={names}, Signature={key.hex()}"}
