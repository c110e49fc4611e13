"""The load generator: one keep-alive connection, one request after another; any answer but 200 is an error.

Usage: client.py ADDRESS TOKEN [times] < lines of "METHOD PATH BODY". With `times` it writes the milliseconds from each
request to the end of its answer, and to be led on is an answer too. It is a process of its own so that its CPU is
not counted with the service.
"""

import http.client
import socket
import sys
import time
from urllib.parse import urlsplit


def main() -> None:
    """Send every line of standard input and stop at the first answer that is not 200."""
    address, token, *times = sys.argv[1:]
    host = urlsplit(address)
    connection = socket.create_connection((host.hostname, host.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for line in sys.stdin.buffer:
        method, path, body = line.rstrip(b"\n").split(b" ", 2)
        begun = time.perf_counter()
        # One packet a request, as browsers and phones send a small one; http.client would send two.
        connection.sendall(
            method
            + b" "
            + path
            + b" HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer "
            + token.encode()
            + b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            + body
        )
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        content = answer.read()
        if answer.status != 200 and not (times and answer.status == 303):
            sys.exit(f"{method.decode()} {path.decode()}: {answer.status} {content[:500]!r}")
        if times:
            print((time.perf_counter() - begun) * 1000)


if __name__ == "__main__":
    main()
