"""``python -m ops``, which is what ``./tungnha`` runs once ``.venv`` is there."""

from ops.cli import run

raise SystemExit(run())
