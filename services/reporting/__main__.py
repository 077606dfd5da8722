"""``python -m services.reporting api|worker|migrate|rebuild [--compare|--back]``."""

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

        migrate("reporting", settings.owner_database_url)
        return 0
    if arguments in (["rebuild"], ["rebuild", "--compare"], ["rebuild", "--back"]):
        from services.reporting import operate

        return operate.rebuild_figures(settings, *arguments[1:])
    from services.reporting import wiring

    if arguments == ["api"]:
        return wiring.api(settings)
    if arguments == ["worker"]:
        return wiring.worker(settings)
    print("usage: python -m services.reporting api|worker|migrate|rebuild [--compare|--back]", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
