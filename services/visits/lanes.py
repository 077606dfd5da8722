"""How much of each class of requests an api process takes on at once (docs/adr/0023)."""

from __future__ import annotations

from shared.edge_admission import Lane, cost

LANES = (
    Lane("single", width=400_000, patience=0.3, few=32),
    Lane("batch", width=300_000, patience=0.2, few=8, side_by_side=2),
    Lane("upload", width=4 * cost(0), patience=0.0, side_by_side=4),
)
"""Some sixty single visits and four batches of a hundred at a time keep the log busy; more would only wait inside, and
one batch alone for its own commit. Four files may arrive at once, however slowly, which a job then takes in.
"""
