"""Files of visits: a day of a whole agency, as NDJSON."""

from __future__ import annotations

from services.visits.service.base import Pieces
from services.visits.uploads import UPLOAD
from shared.edge import Call, Reply, Upload, route
from shared.edge_jobs import JobPieces, ResultQuery
from shared.jobs import shown


class UploadRoutes(JobPieces, Pieces):
    @route("POST", "/v1/visits/uploads", scope="visits:write", body=Upload("ndjson"), lane="upload")
    def begin_upload(self, call: Call) -> Reply:
        """202 and where the job is; 200 for one that the same Idempotency-Key has begun before."""
        return self.begun(call, UPLOAD, {}, "/v1/visits/uploads")

    @route("GET", "/v1/visits/uploads/<uuid:job_id>", scope="visits:write")
    def show_upload(self, call: Call) -> Reply:
        return Reply(200, shown.job(self.own_job(call, UPLOAD), call.locale, call.now))

    @route("GET", "/v1/visits/uploads/<uuid:job_id>/result", scope="visits:write", query=ResultQuery)
    def show_upload_result(self, call: Call) -> Reply:
        return self.result_reply(call, self.own_job(call, UPLOAD))

    @route("POST", "/v1/visits/uploads/<uuid:job_id>/cancel", scope="visits:write")
    def cancel_upload(self, call: Call) -> Reply:
        return self.cancelled(call, self.own_job(call, UPLOAD))
