"""The reform kit: file → preview → apply → reconcile → undo. What is long is done by jobs in the worker."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import structlog

from services.teams.domain.documents import document_stream
from services.teams.domain.reforms import Reform, Stage, reform_stream
from services.teams.reform import shown
from services.teams.reform.sheet import TEMPLATE
from services.teams.reform.store import ERRORS, Kept, Store
from services.teams.reform.task import APPLY, CHECK, REFORM, UNDO
from services.teams.schemas.reforms import (
    PageQuery,
    PreviewQuery,
    ReconcileQuery,
    TemplateQuery,
    UndoSchema,
    UploadQuery,
)
from services.teams.service.base import Pieces
from shared.decider import Rejected
from shared.edge import Call, Reply, Upload, route
from shared.edge_jobs import attachment, content_type
from shared.jobs import FINAL, Job, Jobs
from shared.problems import Problem, from_rejected
from shared.sheets import template_file
from shared.vietnamese import HANOI

LATEST = 100
audit = structlog.get_logger("audit")


class ReformRoutes(Pieces):
    jobs: Jobs
    reforms: Store

    @route("POST", "/v1/reforms", scope="teams:admin", body=Upload("csv", "xlsx"), query=UploadQuery)
    def upload_reform(self, call: Call) -> Reply:
        """202 and where the reform is; its id is that of the file. Nothing is changed by it."""
        received = self.jobs.receive(call.body, call.body.media)
        options = {"complete": call.query["complete"], "made_on": _end_of(call.query["made_on"])}
        params = {"do": CHECK, "options": options, "repeats": None}
        return self._submitted(call, params, received)

    @route("GET", "/v1/reforms", scope="teams:admin")
    def list_reforms(self, call: Call) -> dict[str, Any]:
        """The latest ones: the caller's own, and all for those who hold the nation."""
        everything = self.authority.holds_all(call.actor)
        found = [kept for kept in self.reforms.latest(LATEST) if everything or kept.sub == call.actor.sub]
        states = self.handler.states(reform_stream(str(kept.reform_id)) for kept in found)
        return {"reforms": [shown.line(kept, states[reform_stream(str(kept.reform_id))]) for kept in found]}

    @route("GET", "/v1/reforms/template", scope="teams:read", query=TemplateQuery)
    def reform_template(self, call: Call) -> Reply:
        media = call.query["format"]
        content = template_file(TEMPLATE, media, call.locale)
        return Reply(200, content, {"Content-Type": content_type(media)} | attachment(TEMPLATE.name, media))

    @route("GET", "/v1/reforms/<uuid:reform_id>", scope="teams:admin")
    def show_reform(self, call: Call) -> Reply:
        """State, numbers and progress. The ETag is what apply and undo are asked with (If-Match)."""
        job, kept, reform, version = self._found(call)
        working = self._working(reform)
        document = shown.reform(job, kept, reform, version, working, call.locale)
        # While a job is at work the answer changes and the version does not.
        moving = reform is None or (working is not None and working.state not in FINAL)
        return Reply(200, document, etag=None if moving else version)

    @route("GET", "/v1/reforms/<uuid:reform_id>/errors", scope="teams:admin", query=PageQuery)
    def show_reform_errors(self, call: Call) -> dict[str, Any]:
        """Errors and warnings of rows, with their cells; or why it could not be applied or undone."""
        self._found(call)
        reform_id = call.path["reform_id"]
        found, following = self.reforms.slice(reform_id, ERRORS, call.query["after"], call.query["limit"])
        refused, _ = self.reforms.slice(reform_id, "refused", 0, LATEST)
        return {
            "errors": [shown.error(item, call.locale) for item in found],
            "refused": [shown.refusal(item, call.locale) for item in refused],
            "next": following,
        }

    @route("GET", "/v1/reforms/<uuid:reform_id>/preview", scope="teams:admin", query=PreviewQuery)
    def preview_reform(self, call: Call) -> Reply:
        _, kept, reform, _ = self._found(call)
        if kept is None or reform is None:
            raise Problem("job-unfinished", state="checking")
        reform_id, query = kept.reform_id, call.query
        if query["format"] == "xlsx":
            workbook = self.reforms.workbook(reform_id)
            if workbook is None:
                raise Problem("job-unfinished", state="checking")
            return Reply(
                200, workbook, {"Content-Type": content_type("xlsx")} | attachment(f"reform-{reform_id}", "xlsx")
            )
        if query["section"] is None:
            return Reply(200, {"counts": dict(kept.counts)})
        items, following = self.reforms.slice(reform_id, query["section"], query["after"], query["limit"])
        if query["section"] == "conflicts":
            items = [shown.refusal(item, call.locale) for item in items]
        return Reply(200, {"section": query["section"], "items": items, "next": following})

    @route("POST", "/v1/reforms/<uuid:reform_id>/apply", scope="teams:admin")
    def apply_reform(self, call: Call) -> Reply:
        """If-Match: the version whose preview was looked at."""
        _, kept, reform, version = self._found(call)
        if kept is None or reform is None or kept.counts.get("errors"):
            raise Problem("reform-stage", stage="checking" if reform is None else "failed")
        instead_of = self._check(call, reform, version, Stage.APPLYING, Stage.READY)
        params = {"do": APPLY, "reform_id": str(kept.reform_id), "version": version, "instead_of": instead_of}
        return self._submitted(call, params)

    @route("POST", "/v1/reforms/<uuid:reform_id>/undo", scope="teams:admin", body=UndoSchema)
    def undo_reform(self, call: Call) -> Reply:
        _, kept, reform, version = self._found(call)
        if kept is None or reform is None:
            raise Problem("reform-stage", stage="checking")
        instead_of = self._check(call, reform, version, Stage.UNDOING, Stage.APPLIED, Stage.FAILED)
        document = call.body["document_id"]
        stream = document_stream(document)
        if self.handler.states([stream])[stream] is None:
            raise Problem("document-unknown", "/document_id", document=document)
        params = {"do": UNDO, "reform_id": str(kept.reform_id), "version": version, "document_id": document}
        return self._submitted(call, params | {"instead_of": instead_of})

    @route("POST", "/v1/reforms/<uuid:reform_id>/again", scope="teams:admin")
    def repeat_reform(self, call: Call) -> Reply:
        """A new reform with the rows of one that was undone."""
        _, kept, reform, _ = self._found(call)
        if kept is None or reform is None or reform.stage is not Stage.UNDONE:
            raise Problem("reform-not-undone", reform=str(call.path["reform_id"]))
        params = {"do": CHECK, "options": dict(kept.options) | {"made_on": None}, "repeats": str(kept.reform_id)}
        return self._submitted(call, params)

    @route("GET", "/v1/reforms/<uuid:reform_id>/reconcile", scope="teams:admin", query=ReconcileQuery)
    def reconcile_reform(self, call: Call) -> dict[str, Any]:
        """What was counted afterwards, by nation and province; and which units several teams serve since."""
        _, kept, _, _ = self._found(call)
        if kept is None or kept.reconciled is None:
            raise Problem("job-unfinished", state="applying")
        if call.query["section"] is None:
            return dict(kept.reconciled)
        items, following = self.reforms.slice(
            kept.reform_id, call.query["section"], call.query["after"], call.query["limit"]
        )
        return {"section": call.query["section"], "items": items, "next": following}

    # --- what they share --------------------------------------------------------------------------------------------

    def _submitted(self, call: Call, params: dict[str, Any], received: Any = None) -> Reply:
        job, new = self.jobs.submit(REFORM, params, call.actor, received, locale=call.locale, key=call.idempotency_key)
        reform_id = params.get("reform_id", str(job.job_id))
        audit.info("reform", audit=True, do=params["do"], reform=reform_id, sub=call.actor.sub)
        body = {"reform_id": reform_id, "job_id": str(job.job_id)}
        return Reply(202 if new else 200, body, {"Location": f"/v1/reforms/{reform_id}"})

    def _found(self, call: Call) -> tuple[Job | None, Kept | None, Reform | None, int]:
        """The reform of the path, if it is the caller's own or the caller holds the nation; else 404."""
        reform_id: UUID = call.path["reform_id"]
        job, kept = self.jobs.get(reform_id), self.reforms.get(reform_id)
        if job is not None and (job.task != REFORM or job.params["do"] != CHECK):
            job = None
        sub = kept.sub if kept else job.actor.sub if job else None
        if sub is None or (sub != call.actor.sub and not self.authority.holds_all(call.actor)):
            raise Problem("not-found", where="path")
        state, version = self.handler.state(reform_stream(str(reform_id)))
        return job, kept, state if isinstance(state, Reform) else None, version

    def _working(self, reform: Reform | None) -> Job | None:
        """The job that applies or undoes it, or did so last."""
        return self.jobs.get(UUID(reform.job)) if reform is not None and reform.job is not None else None

    def _check(self, call: Call, reform: Reform, version: int, doing: Stage, *stages: Stage) -> str | None:
        """Raises ``Problem`` unless the reform is at one of these stages, or ``doing`` by a job that has ended without
        an end (given up after faults): that job, which another one then takes over.
        """
        if call.if_match is None:
            raise Problem("reform-if-match", "/If-Match", where="header")
        if call.if_match != version:
            raise from_rejected(Rejected("version-changed", version=version))
        if reform.stage in stages:
            return None
        job = self._working(reform)
        if reform.stage is not doing or job is None or job.state not in FINAL:
            raise Problem("reform-stage", stage=reform.stage.value)
        return reform.job


def _end_of(day: date | None) -> str | None:
    """The first instant after the day in Viet Nam."""
    return datetime.combine(day + timedelta(1), time(), HANOI).isoformat() if day else None
