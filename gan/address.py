"""Addresses of files on the web, and what of them may be kept: scheme, host and path.

The rest (user, password, query, fragment) is where passwords and tokens stand.
"""

import re
from urllib.parse import urlsplit

_ANYWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>|]+")


def is_address(source: str) -> bool:
    """Whether a source is an address and not a path."""
    return "://" in source


def kept(source: str) -> str:
    """`source` without what may be secret, where it is an address; a path stays as it is."""
    if not is_address(source):
        return source
    scheme = source.partition("://")[0]
    try:
        parts = urlsplit(source)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:  # a password that isn't escaped puts its parts anywhere
        return f"{scheme}://..."
    path = re.sub(r";[^/]*", "", parts.path)  # parameters: some servers' session numbers
    return f"{scheme}://{host}{port}{path}"


def scrubbed(text: str) -> str:
    """`text` with each address in it cut down to what may be kept."""
    return _ANYWHERE.sub(lambda found: kept(found[0]), text)
