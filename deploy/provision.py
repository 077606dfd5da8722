"""One-shot container: databases and roles, made where missing (``python -m deploy.provision``). Safe to run again.

Both files are written by ``deploy/make_secrets.py``: ``TUNGNHA_ADMIN_DATABASE_URL_FILE`` names the one with the
administrator's address, ``TUNGNHA_ROLE_PASSWORDS_FILE`` the JSON one with a password per role.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from ops.local import provision
from shared.topology import SERVICES


def main() -> None:
    admin_url = Path(os.environ["TUNGNHA_ADMIN_DATABASE_URL_FILE"]).read_text().strip()
    passwords: dict[str, str] = json.loads(Path(os.environ["TUNGNHA_ROLE_PASSWORDS_FILE"]).read_text())
    for service in SERVICES:
        made = provision.database(admin_url, service, passwords.__getitem__)
        print(f"{made.name}: ready", flush=True)


if __name__ == "__main__":
    main()
