"""Answers on paper: as CSV, as XLSX and as a page to be printed.

``table`` lays an answer out once, the others write that. All of it is bounded by the limits of a question, and is sent
piece by piece.
"""
