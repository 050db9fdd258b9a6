"""The key of an asset: what shapes it, as a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ..errors import StoreError

SECRETS = {
    "accesskey",
    "accesstoken",
    "apikey",
    "auth",
    "authorization",
    "authtoken",
    "bearer",
    "credentials",
    "password",
    "secret",
    "secretkey",
    "sig",
    "signature",
    "token",
}
"""Names of fields that hold a credential, in small letters without dashes and underscores."""

_LEAVES = frozenset({str, int, float, bool, type(None)})
"""What holds nothing more; looked at first, since most of a shape is of it."""
_MAPPINGS, _LISTS = (dict, Mapping), (list, tuple)

_WRITER = json.JSONEncoder(
    sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False
)


def asset_key(kind: str, shape: Mapping[str, Any]) -> str:
    """The key of the asset of this kind ("image", "audio", "clip", …) and shape: 64 hex digits.

    It is SHA-256 over canonical JSON, the same in every process and on every machine.
    `shape` holds JSON values; tuples count as lists. Credentials are left out of it first
    (`without_credentials`). Raises `StoreError` for a value that JSON does not have.
    """
    try:
        text = canonical({"kind": kind, "shape": without_credentials(shape)})
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"the shape of an asset of kind {kind!r} is not JSON: {error}; "
            "let the provider's shape() give text, numbers, lists and mappings with names"
        ) from None
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: Any) -> str:
    """`value` as JSON that is the same wherever it is written: names sorted, ASCII, no spaces.

    Raises TypeError or ValueError for what JSON does not have.
    """
    return _WRITER.encode(_plain(value))


def without_credentials(value: Any, name: str = "") -> Any:
    """`value` without what a key or a file must not tell: fields that are named as credentials,
    and user, password and credentials of the query in fields whose names end in "url" or
    "endpoint". The texts of a lesson pass as they are.
    """
    if isinstance(value, str):
        return _bare_url(value) if _address(name) else value
    if type(value) in _LEAVES:
        return value
    if isinstance(value, _MAPPINGS):
        return {
            each: without_credentials(inner, str(each))
            for each, inner in value.items()
            if not _secret(str(each))
        }
    if isinstance(value, _LISTS):
        return [without_credentials(inner, name) for inner in value]
    return value


@lru_cache(maxsize=1024)
def _address(name: str) -> bool:
    return name.lower().endswith(("url", "endpoint"))


@lru_cache(maxsize=1024)
def _secret(name: str) -> bool:
    return name.lower().replace("_", "").replace("-", "") in SECRETS


def _bare_url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    host = parts.netloc.rpartition("@")[2]
    asked = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in asked if not _secret(name) and name.lower() != "key"]
    query = parts.query if len(kept) == len(asked) else urlencode(kept)
    return urlunsplit((parts.scheme, host, parts.path, query, parts.fragment))


def _plain(value: Any) -> Any:
    """`value` in the types that `json` writes. A name that is no text is refused, since 1 and
    "1" would be one name.
    """
    if type(value) in _LEAVES:
        return value
    if isinstance(value, _MAPPINGS):
        for name in value:
            if not isinstance(name, str):
                raise TypeError(f"the name {name!r} is not text")
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, _LISTS):
        return [_plain(inner) for inner in value]
    return value
