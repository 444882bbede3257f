"""Clients of a server: ``python -m tests.performance.load PORT URL CLIENTS SECONDS``, figures as JSON."""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import sys
import threading
import time

#: Seconds that are sent and not counted.
WARM_UP = 1.0


def client(port: int, url: str, until: float, taken: list[tuple[float, float]]) -> None:
    """Ask again and again on a connection that is kept, if the server keeps it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    while (started := time.perf_counter()) < until:
        try:
            connection.request("GET", url)
            # Else some servers, which send a reply in two parts, wait 40 ms for the first's receipt.
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            reply = connection.getresponse()
            reply.read()
        except (http.client.HTTPException, ConnectionError):
            connection.close()  # it was closed while idle; the next request opens another
            continue
        if reply.status != 200:
            raise RuntimeError(f"status {reply.status}")
        taken.append((started, time.perf_counter() - started))
    connection.close()


def load(port: int, url: str, clients: int, seconds: float) -> dict[str, float]:
    """Return requests per second and milliseconds at the middle and the slow end."""
    begin = time.perf_counter() + WARM_UP
    taken: list[tuple[float, float]] = []
    threads = [
        threading.Thread(target=client, args=(port, url, begin + seconds, taken))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = sorted(duration * 1_000 for started, duration in taken if started >= begin)
    return {
        "rate": len(times) / seconds,
        "requests": len(taken),
        "p50": statistics.median(times),
        "p99": times[int(len(times) * 0.99)],
    }


if __name__ == "__main__":
    print(json.dumps(load(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))))
