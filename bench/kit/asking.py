"""GET requests at a steady rate, whether or not earlier ones are answered: no coordinated omission."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

CONNECTIONS = 16


def ask(url: str, token: str, paths: Sequence[str], rate: float, seconds: float, seed: int) -> list[float]:
    """Milliseconds from the moment each request was due (Poisson arrivals) to its whole answer.

    ``paths`` are asked for in random order. Raises ``RuntimeError`` at the first answer that is not 200.
    """
    chance, lock = random.Random(seed), threading.Lock()
    due = time.monotonic()
    end = due + seconds
    took: list[float] = []
    errors: list[BaseException] = []

    def following() -> tuple[float, str] | None:
        nonlocal due
        with lock:
            due += chance.expovariate(rate)
            return (due, chance.choice(paths)) if due < end and not errors else None

    def connection() -> None:
        client = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        try:
            while (request := following()) is not None:
                at, path = request
                time.sleep(max(0.0, at - time.monotonic()))
                client.request("GET", path, headers={"Authorization": f"Bearer {token}"})
                response = client.getresponse()
                content = response.read()
                if response.status != 200:
                    raise RuntimeError(f"{path} answered {response.status}: {content[:300]!r}")
                took.append((time.monotonic() - at) * 1000)
        except BaseException as error:
            errors.append(error)
        finally:
            client.close()

    threads = [threading.Thread(target=connection) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return took
