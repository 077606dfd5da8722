"""Health check of a container: ``python /app/deploy/ready.py PORT`` ends with 0 if ``/readyz`` there answers 200.

Standard library only, because it starts every few seconds.
"""

from __future__ import annotations

import sys
from http.client import HTTPConnection, HTTPException

SECONDS = 4.0


def ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if ready(int(sys.argv[1])) else 1)
