"""Web addresses without their secrets: only scheme, host, port and path are shown or stored.

Passwords and tokens stand in the other parts: user, query, fragment, parameters of the path.
"""

import re
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>|]+")


def is_address(source: str) -> bool:
    """Whether a source is an address and not a path."""
    return "://" in source


def public(source: str) -> str:
    """An address without the parts that may be secret; a path is returned as it is."""
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
    path = re.sub(r";[^/]*", "", parts.path)  # parameters: some servers put session numbers there
    return f"{scheme}://{host}{port}{path}"


def scrubbed(text: str) -> str:
    """`text` with each address in it cut down to its public part."""
    return _ADDRESS.sub(lambda match: public(match[0]), text)
