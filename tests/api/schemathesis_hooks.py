"""Keeps requests out that are no HTTP: fields with control characters (RFC 9110 section 5.5), which
are refused before there is a request that could be answered with an error body."""

import schemathesis


@schemathesis.hook
def filter_headers(context, headers):
    return all(character.isprintable() for value in (headers or {}).values() for character in str(value))
