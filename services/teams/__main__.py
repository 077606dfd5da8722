"""``python -m services.teams api|worker|migrate``."""

from __future__ import annotations

import os
import sys


def main(arguments: list[str]) -> int:
    if arguments == ["api"]:
        from shared.edge_server import prepare

        prepare()
    from shared.settings import Settings

    settings = Settings.from_env(os.environ)
    if arguments == ["migrate"]:
        from shared.migrate import migrate

        migrate("teams", settings.owner_database_url)
        return 0
    from services.teams import wiring

    if arguments == ["api"]:
        return wiring.api(settings)
    if arguments == ["worker"]:
        return wiring.worker(settings)
    print("usage: python -m services.teams api|worker|migrate", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
