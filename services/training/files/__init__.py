"""Attendance by file: the template, and the job that records its rows (``shared.sheets``, ``shared.jobs``).

People are named by their ids only; names are matched by the registry before (``POST /v1/people/match`` of teams).
"""
