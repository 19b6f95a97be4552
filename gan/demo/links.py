"""A link that restores a whole view; no drawing."""

from urllib.parse import urlencode, urlsplit, urlunsplit


def view_link(url: str | None, parameters: dict[str, object]) -> str:
    """The page's address with every parameter written out, defaults too.

    The bound widgets leave a default out of the address, so a link copied from the address bar
    would follow a later change of the default; this one doesn't.

    Args:
        url: The page's address; None (in tests) gives the query alone.
        parameters: Widget keys and values; True and False become `true` and `false`.
    """
    written = {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in parameters.items()
    }
    query = urlencode(written)
    if not url:
        return f"?{query}"
    scheme, place, path, _, _ = urlsplit(url)
    return urlunsplit((scheme, place, path, query, ""))
