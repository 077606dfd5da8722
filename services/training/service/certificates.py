"""Assessment and certificates."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from services.training.answers import certificates as answers
from services.training.domain import numbers
from services.training.domain.assessment import CorrectAssessment, RecordAssessment
from services.training.domain.certificates import (
    Certificate,
    IssueCertificate,
    RevokeCertificate,
    certificate_stream,
)
from services.training.domain.sessions import Plan
from services.training.schemas.certificates import (
    AssessmentSchema,
    CorrectAssessmentSchema,
    IssueSchema,
    RevokeSchema,
)
from services.training.service.allowance import Allowance
from services.training.service.base import Pieces
from shared.decider import Rejected
from shared.edge import PUBLIC, Call, Reply, Row, Rows, answered, require_unit, route
from shared.edge_batch import batch_reply
from shared.handler import Envelope
from shared.handling import handle_many
from shared.problems import Problem, from_rejected
from shared.vietnamese import hanoi_day

AT_ONCE = 500
"""Certificates issued by one request."""


class CertificateRoutes(Pieces):
    look_ups: Allowance

    # --- assessment ------------------------------------------------------------------------------------------------

    @route("POST", "/v1/assessments", scope="training:write", body=AssessmentSchema)
    def record_assessment(self, call: Call) -> Reply:
        envelope = self._assessment(call, call.body)
        return answered(self.handle(envelope), assessment_id=str(envelope.command_id))

    @route("POST", "/v1/assessments/batch", scope="training:write", body=Rows(AssessmentSchema))
    def record_assessments(self, call: Call) -> Reply:
        rows: list[Row] = call.body
        envelopes: dict[int, Envelope] = {}
        for row in rows:
            if row.problem is None:
                try:
                    envelopes[row.index] = self._assessment(call, row.loaded)
                except Problem as problem:
                    row.refuse(problem)
        handled = handle_many(self.handler, list(envelopes.values()))
        return batch_reply(rows, dict(zip(envelopes, handled, strict=True)), call.locale, key="assessment_id")

    @route("POST", "/v1/assessments/correct", scope="training:write", body=CorrectAssessmentSchema)
    def correct_assessment(self, call: Call) -> Reply:
        command: CorrectAssessment = call.body
        self.named_session(call, command.session_id)
        return answered(self.handle(call.envelope(command)))

    def _assessment(self, call: Call, body: dict[str, Any]) -> Envelope:
        require_unit(call.actor, self.units.tree(), body["unit_id"], body["day"])
        said = {name: value for name, value in body.items() if name != "assessment_id"}
        return call.envelope(RecordAssessment(**said, today=hanoi_day(call.now)), body["assessment_id"])

    # --- certificates ----------------------------------------------------------------------------------------------

    @route("POST", "/v1/certificates", scope="training:write", body=IssueSchema)
    def issue_certificates(self, call: Call) -> Reply:
        """For one person, else for those who attended the session: ``AT_ONCE`` of them, then ``next``.

        Whoever has a certificate of the session keeps it. Sending it again is safe.
        """
        session_id, person_id = call.body["session_id"], call.body["person_id"]
        plan = self.named_session(call, session_id)
        if person_id is not None:
            answer = self.handle(self._issue(call, plan, person_id, call.idempotency_key))
            return answered(answer, certificate=self._number(person_id, session_id))
        people = self.session_queries.people(session_id, call.body["after"], AT_ONCE + 1)
        asked = people[:AT_ONCE]
        results = handle_many(self.handler, [self._issue(call, plan, person, None) for person in asked])
        shown = [
            answers.refused(person, result, call.locale)
            if isinstance(result, Rejected)
            else {"person_id": person, "certificate": self._number(person, session_id)}
            for person, result in zip(asked, results, strict=True)
        ]
        return Reply(200, {"results": shown, "next": asked[-1] if len(people) > AT_ONCE else None})

    @route("GET", "/v1/certificates/<number>", scope="training:read")
    def show_certificate(self, call: Call) -> Reply:
        certificate, version = self._certificate(call)
        issued = certificate.issued
        require_unit(call.actor, self.units.tree(), issued.unit_id, issued.day, at="/number")
        return Reply(200, answers.certificate(certificate, hanoi_day(call.now)), etag=version)

    @route("GET", "/v1/certificates/<number>/validity", scope=PUBLIC)
    def check_certificate(self, call: Call) -> dict[str, Any]:
        """For anybody who is shown a certificate: whether it is valid, of what course and day; never whose it is."""
        if not self.look_ups.take():
            raise Problem("asked-too-often", headers={"Retry-After": "5"})
        number = self._number_of(call)
        certificate, _ = self.handler.state(certificate_stream(number))
        return answers.validity(number, certificate, hanoi_day(call.now))

    @route("POST", "/v1/certificates/<number>/revoke", scope="training:write", body=RevokeSchema)
    def revoke_certificate(self, call: Call) -> Reply:
        certificate, _ = self._certificate(call)
        self.own_session(call, certificate.issued.session_id, at="/number")
        command: RevokeCertificate = replace(call.body, number=certificate.issued.number)
        return answered(self.handle(call.envelope(command)))

    def _issue(self, call: Call, plan: Plan, person_id: str, command_id: Any) -> Envelope:
        number = numbers.number(plan.parts[-1].day.year, secrets.randbits(numbers.RANDOM_BITS))
        return call.envelope(IssueCertificate(person_id, plan.session_id, number), command_id)

    def _number(self, person_id: str, session_id: str) -> str | None:
        completed = self.trainee(person_id).completed.values()
        return next((each.number for each in completed if each.session_id == session_id), None)

    def _certificate(self, call: Call) -> tuple[Certificate, int]:
        certificate, version = self.handler.state(certificate_stream(self._number_of(call)))
        if not isinstance(certificate, Certificate):
            raise Problem("not-found", where="path")
        return certificate, version

    def _number_of(self, call: Call) -> str:
        try:
            return numbers.checked(call.path["number"])
        except Rejected as rejected:
            problem = from_rejected(rejected)
            problem.where = "path"
            raise problem from None
