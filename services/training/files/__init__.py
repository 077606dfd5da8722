"""Enrolment, attendance and scores by file: the templates, and the job that records their rows (``shared.sheets``,
``shared.jobs``).

People are named by their ids only; names are matched by the registry before (``POST /v1/people/match`` of teams).
"""
