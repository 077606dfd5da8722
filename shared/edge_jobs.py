"""Routes for files on their way in: ``POST /v1/imports`` makes a job of an upload, the others ask for it.

    class TeamsService(…, JobRoutes):                 # pieces: jobs, templates, IMPORT (the task's name) from wiring
        ...

A job is shown to whoever sent it, and to those with the admin scope. What is uploaded is stored sealed and never looked
at in this process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from marshmallow import Schema, fields, validate

from shared.edge import Call, Reply, Upload, route
from shared.edge_upload import MEDIA
from shared.jobs import FINAL, IMPORT, RESULT, Job, Jobs, shown
from shared.problems import Problem
from shared.sheets.template import Template
from shared.sheets.template_file import template_file

PAGE = 1_000
MOST_UNFINISHED = 20
"""Jobs of one sender."""
audit = structlog.get_logger("audit")


class ImportQuery(Schema):
    template = fields.String(required=True, validate=validate.Length(max=40))
    dry_run = fields.Boolean(load_default=False)


class ResultQuery(Schema):
    format = fields.String(load_default="file", validate=validate.OneOf(("file", "json")))
    after = fields.String(load_default="", validate=validate.Length(max=40))
    limit = fields.Integer(load_default=500, validate=validate.Range(min=1, max=PAGE))


class FileQuery(Schema):
    format = fields.String(load_default="xlsx", validate=validate.OneOf(("csv", "xlsx")))
    sheet = fields.String(load_default="", validate=validate.Length(max=40))


class JobPieces:
    """What routes of a kind of job share."""

    name: str
    jobs: Jobs

    def begun(self, call: Call, task: str, params: Mapping[str, Any], path: str) -> Reply:
        """Stores the upload and makes a job of it, to be found below ``path``."""
        if sum(self.jobs.unfinished(call.actor.sub).values()) >= MOST_UNFINISHED:
            raise Problem("job-too-many", headers={"Retry-After": "60"}, limit=MOST_UNFINISHED)
        received = self.jobs.receive(call.body, call.body.media)
        job, new = self.jobs.submit(task, params, call.actor, received, locale=call.locale, key=call.idempotency_key)
        headers = {"Location": f"{path}/{job.job_id}"}
        return Reply(202 if new else 200, shown.job(job, call.locale, call.now), headers)

    def own_job(self, call: Call, task: str) -> Job:
        """The job of the path; 404 where it is of another kind or somebody else's."""
        job_id: UUID = call.path["job_id"]
        job = self.jobs.get(job_id)
        strange = job is None or job.task != task
        if (
            job is None
            or strange
            or (job.actor.sub != call.actor.sub and f"{self.name}:admin" not in call.actor.scopes)
        ):
            raise Problem("not-found", where="path")
        return job

    def result_reply(self, call: Call, job: Job) -> Reply:
        """The uploaded rows with what became of each; or, as JSON, a page of what became of them."""
        if job.expired:
            raise Problem("job-expired")
        if call.query["format"] == "json":
            page, following = self.jobs.results(job.job_id, call.query["after"], call.query["limit"])
            return Reply(200, {"state": job.state, "results": shown.results(page, call.locale), "next": following})
        if job.state not in FINAL:
            raise Problem("job-unfinished", state=job.state.value)
        if not job.has_result:
            raise Problem("not-found", where="path")
        audit.info("result of a job read", audit=True, job=str(job.job_id), sub=call.actor.sub)
        headers = {"Content-Type": content_type(job.media)} | attachment(f"result-{job.job_id}", job.media)
        return Reply(200, self.jobs.file(job.job_id, RESULT), headers)

    def cancelled(self, call: Call, job: Job) -> Reply:
        """What has been stored stays stored."""
        found = self.jobs.cancel(job.job_id)
        return Reply(200, shown.job(found, call.locale, call.now) if found else None)


class JobRoutes(JobPieces):
    """``templates``: name → template, of the files that ``POST /v1/imports`` takes."""

    templates: Mapping[str, Template]

    @route("POST", "/v1/imports", scope="{service}:write", body=Upload("csv", "xlsx"), query=ImportQuery)
    def begin_import(self, call: Call) -> Reply:
        """202 and where the job is; 200 for one that the same Idempotency-Key has begun before."""
        params = {"template": self._template(call.query["template"]).name, "dry_run": call.query["dry_run"]}
        return self.begun(call, IMPORT, params, "/v1/imports")

    @route("GET", "/v1/imports/<uuid:job_id>", scope="{service}:write")
    def show_import(self, call: Call) -> Reply:
        return Reply(200, shown.job(self.own_job(call, IMPORT), call.locale, call.now))

    @route("GET", "/v1/imports/<uuid:job_id>/result", scope="{service}:write", query=ResultQuery)
    def show_import_result(self, call: Call) -> Reply:
        return self.result_reply(call, self.own_job(call, IMPORT))

    @route("POST", "/v1/imports/<uuid:job_id>/cancel", scope="{service}:write")
    def cancel_import(self, call: Call) -> Reply:
        return self.cancelled(call, self.own_job(call, IMPORT))

    @route("GET", "/v1/templates/<name>", scope="{service}:read", query=FileQuery)
    def show_template(self, call: Call) -> Reply:
        template = self.templates.get(call.path["name"])
        if template is None:
            raise Problem("not-found", where="path")
        media, sheet = call.query["format"], call.query["sheet"]
        if sheet and sheet not in {each.key for each in template.sheets}:
            raise Problem("unknown-choice", "/sheet", where="query", expected=", ".join(s.key for s in template.sheets))
        content = template_file(template, media, call.locale, sheet)
        return Reply(200, content, {"Content-Type": content_type(media)} | attachment(template.name, media))

    def _template(self, name: str) -> Template:
        template = self.templates.get(name)
        if template is None:
            raise Problem("template-unknown", "/template", where="query", expected=", ".join(self.templates))
        return template


def content_type(media: str) -> str:
    return MEDIA[media] + ("; charset=utf-8" if media == "csv" else "")


def attachment(name: str, media: str) -> dict[str, Any]:
    return {"Content-Disposition": f'attachment; filename="{name}.{media}"'}
