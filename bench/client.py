"""The load generator: one keep-alive connection, one request after another; any answer but 200 is an error.

Usage: client.py ADDRESS TOKEN < lines of "METHOD PATH BODY". It is a process of its own so that its CPU is
not counted with the service.
"""

import http.client
import sys
from urllib.parse import urlsplit


def main() -> None:
    """Send every line of standard input and stop at the first answer that is not 200."""
    address, token = sys.argv[1:3]
    host = urlsplit(address)
    connection = http.client.HTTPConnection(host.hostname or "", host.port)
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    for line in sys.stdin.buffer:
        method, path, body = line.rstrip(b"\n").split(b" ", 2)
        connection.request(method.decode(), path.decode(), body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            sys.exit(f"{method.decode()} {path.decode()}: {answer.status} {content[:500]!r}")


if __name__ == "__main__":
    main()
