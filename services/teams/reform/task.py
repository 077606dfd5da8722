"""The jobs of the kit: check an upload (or the rows of an undone reform), apply, undo."""

from __future__ import annotations

from collections.abc import Sequence

from services.teams.reform.applying import ApplyWork
from services.teams.reform.checking import CheckWork
from services.teams.reform.pieces import Pieces
from services.teams.reform.undoing import UndoWork
from shared.jobs import Job, RowResult, Upload, Work

REFORM = "reform"
CHECK, APPLY, UNDO = "check", "apply", "undo"


class ReformTask:
    """``params``: ``do``; to check: ``options``, ``repeats``; to apply or undo: ``reform_id``, ``version`` (the
    one that was looked at), ``document_id``.
    """

    name = REFORM

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces

    def resumable(self, job: Job) -> bool:
        """What a check has found out lives in the memory of its process."""
        return bool(job.params["do"] != CHECK)

    def open(self, job: Job, upload: Upload | None, earlier: Sequence[RowResult]) -> Work:
        match job.params["do"]:
            case "apply":
                return ApplyWork(job, self._pieces)
            case "undo":
                return UndoWork(job, self._pieces)
        return CheckWork(job, self._pieces, upload)
