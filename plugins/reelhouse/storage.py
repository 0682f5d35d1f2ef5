"""Where landed files lie for good: in the landing folder itself, or in an S3 bucket of which the folder is a copy.

With `REELHOUSE_LANDING=s3://bucket/folder` a worker may lose its disk at any moment: a file counts as landed when the
bucket has it, and a worker that lacks it brings it, once, under the same name. Names carry digests, so a copy never
grows old. boto3 speaks to the bucket: it repeats, cuts into parts and checks sums, as every S3 tool does.
"""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from reelhouse.errors import SettingsWrong, StorageAway
from reelhouse.fetching.parts import PART_PREFIX
from reelhouse.settings import S3_SCHEME, Network, S3Keys, Settings

if TYPE_CHECKING:
    from botocore.client import BaseClient

# A copy that nobody has used for so long is brought again when it is needed.
COPY_SECONDS = 3 * 24 * 3600
_DIGEST = re.compile(r"([0-9a-f]{64})-")
_REFUSED = {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket", "InvalidBucketName"}


class Storage(Protocol):
    """What landing asks of it; paths are below the landing folder, whether a file lies there yet or not."""

    def has(self, path: Path, size: int) -> bool:
        """Whether it is kept for good, with so many bytes."""

    def keep(self, path: Path) -> None:
        """From now on it is kept for good."""

    def bring(self, path: Path) -> bool:
        """Make it lie in the folder; False when it is not kept."""

    def link(self, path: Path, own: Path) -> bool:
        """Keep the same file under another name too; False when that cannot be."""

    def remove(self, path: Path) -> None:
        """It is not needed any more."""

    def named(self, folder: Path, start: str, end: str) -> list[Path]:
        """What is kept in a folder under names that begin and end so."""


class FolderStorage:
    """The folder is all there is."""

    def has(self, path: Path, size: int) -> bool:
        return path.is_file() and path.stat().st_size == size

    def keep(self, path: Path) -> None:
        """It lies there."""

    def bring(self, path: Path) -> bool:
        return path.is_file()

    def link(self, path: Path, own: Path) -> bool:
        try:
            own.parent.mkdir(parents=True, exist_ok=True)
            own.hardlink_to(path)
        except FileExistsError:
            return own.samefile(path)
        except OSError:
            # Not every file system can.
            return False
        return True

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        # Other files of that day may lie there, or somebody has removed the folder.
        with suppress(OSError):
            path.parent.rmdir()

    def named(self, folder: Path, start: str, end: str) -> list[Path]:
        return sorted(folder.glob(f"{start}*{end}"))


@dataclass(frozen=True, slots=True)
class BucketStorage:
    """A bucket, and the folder that has copies of some of it.

    Raises  StorageAway when it does not answer, SettingsWrong when it does not let us in
    """

    client: BaseClient
    bucket: str
    prefix: str
    folder: Path

    def has(self, path: Path, size: int) -> bool:
        return self._size(path) == size

    def keep(self, path: Path) -> None:
        with self._translated(path):
            self.client.upload_file(str(path), self.bucket, self._key(path))
        if self._size(path) != path.stat().st_size:
            raise StorageAway(f"{self._place(path)}: expected {path.stat().st_size} bytes, found {self._size(path)}.")
        self._forget_old_copies()

    def bring(self, path: Path) -> bool:
        if path.is_file():
            path.touch()
            return True
        size = self._size(path)
        if size is None:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{PART_PREFIX}{uuid.uuid4().hex}")
        try:
            with self._translated(path):
                self.client.download_file(self.bucket, self._key(path), str(part))
            # An answer that does not tell its length is not missed by the client when it breaks off.
            if part.stat().st_size != size:
                raise StorageAway(f"{self._place(path)}: expected {size} bytes, found {part.stat().st_size}.")
            self._check(path, part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        self._forget_old_copies()
        return True

    def link(self, path: Path, own: Path) -> bool:
        with self._translated(own):
            source = {"Bucket": self.bucket, "Key": self._key(path)}
            self.client.copy(source, self.bucket, self._key(own))
        return True

    def remove(self, path: Path) -> None:
        with self._translated(path):
            self.client.delete_object(Bucket=self.bucket, Key=self._key(path))
        FolderStorage().remove(path)

    def named(self, folder: Path, start: str, end: str) -> list[Path]:
        with self._translated(folder):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self._key(folder / start), Delimiter="/"
            )
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return [self.folder / key.removeprefix(self.prefix) for key in sorted(keys) if key.endswith(end)]

    def _size(self, path: Path) -> int | None:
        from botocore.exceptions import ClientError

        with self._translated(path):
            try:
                return self.client.head_object(Bucket=self.bucket, Key=self._key(path))["ContentLength"]
            except ClientError as error:
                if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                    return None
                raise

    def _check(self, path: Path, part: Path) -> None:
        """A landed file bears the digest of its bytes in its name: what came is it, or is not used."""
        named = _DIGEST.match(path.name)
        if not named:
            return
        with part.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != named[1]:
            raise SettingsWrong(
                f"{self._place(path)}: expected bytes of the digest in its name, found {found}. Somebody has written "
                "into the bucket. Remove the object and land the day again."
            )

    def _forget_old_copies(self) -> None:
        before = time.time() - COPY_SECONDS
        for copy in self.folder.rglob("*"):
            with suppress(OSError):
                if copy.is_file() and copy.stat().st_mtime < before:
                    copy.unlink()

    def _key(self, path: Path) -> str:
        return self.prefix + path.relative_to(self.folder).as_posix()

    def _place(self, path: Path) -> str:
        return f"{S3_SCHEME}{self.bucket}/{self._key(path)}"

    @contextmanager
    def _translated(self, path: Path) -> Iterator[None]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

        try:
            yield
        except NoCredentialsError:
            raise SettingsWrong(
                f"{self._place(path)}: expected keys, found none. In Airflow add a connection `storage` of type aws, "
                "elsewhere set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            ) from None
        except (BotoCoreError, ClientError, Boto3Error) as error:
            code = str(error.response["Error"].get("Code")) if isinstance(error, ClientError) else ""
            refused = code in _REFUSED or any(f"({word})" in str(error) for word in _REFUSED)
            if refused:
                raise SettingsWrong(
                    f"{self._place(path)}: expected to be let in, found {code or error}. Look at the bucket's name, "
                    "the key, and what the key may do: get, put, delete objects."
                ) from error
            # What boto3 gives up it has asked for five times.
            raise StorageAway(
                f"{self._place(path)}: expected the storage to answer, found {type(error).__name__}: {error}."
                " Try again later."
            ) from error


def storage_of(settings: Settings) -> Storage:
    """The storage that the settings name."""
    if settings.landing_place is None or not settings.landing_place.startswith(S3_SCHEME):
        return FolderStorage()
    bucket, prefix = bucket_and_prefix(settings.landing_place)
    return BucketStorage(client_of(settings.network), bucket, prefix, settings.landing)


def bucket_and_prefix(place: str) -> tuple[str, str]:
    """
    >>> bucket_and_prefix("s3://films/landing/"), bucket_and_prefix("s3://films")
    (('films', 'landing/'), ('films', ''))
    """
    parts = urlsplit(place)
    prefix = parts.path.strip("/")
    if not parts.netloc or "@" in parts.netloc or parts.query or parts.fragment:
        raise SettingsWrong(f"expected s3://bucket/folder, found s3://{parts.netloc.rpartition('@')[2]}{parts.path}.")
    return parts.netloc, f"{prefix}/" if prefix else ""


def client_of(network: Network) -> BaseClient:
    """A client of the storage; with the keys of the settings, else those that every AWS tool finds."""
    endpoint = network.s3_endpoint
    if endpoint and not network.allows_http and not endpoint.startswith("https://"):
        raise SettingsWrong(
            f"REELHOUSE_S3_ENDPOINT: expected https://, found {endpoint.partition('://')[0]}://. Correct it, or set "
            "REELHOUSE_ALLOW_HTTP=1."
        )
    return _client(endpoint, network.s3_keys, network.read_seconds)


@cache
def _client(endpoint: str | None, keys: S3Keys | None, read_seconds: float) -> BaseClient:
    # Imported when a bucket is named: it takes a third of a second.
    import boto3
    from botocore.config import Config

    given: dict[str, object] = {}
    if keys is not None:
        given = {"aws_access_key_id": keys.access, "aws_secret_access_key": keys.secret,
                 "aws_session_token": keys.token, "region_name": keys.region}  # fmt: skip
    more: dict[str, Callable | str] = {"s3": {"addressing_style": "path"}} if endpoint else {}
    config = Config(
        retries={"max_attempts": 5, "mode": "standard"}, connect_timeout=10, read_timeout=read_seconds, **more
    )
    return boto3.session.Session(**given).client("s3", endpoint_url=endpoint, config=config)
