"""The reform kit: one file of links old unit → new unit becomes a plan, a preview, commands, a reconciliation, an undo.

    sheet.py      the template, and a row of it as a ``Line``
    found.py      which unit a code, an id or a name means on a day
    targets.py    the new units that the rows of a day speak of
    plan.py       rows → ``Plan``: what is established, altered, abolished, and what becomes of the teams
    rules.py      what a plan must not do
    preview.py    plan + teams and seats → sections of a preview; stores nothing

Up to here all is pure: functions of the file and of a tree of units, which the commands later meet in the log.
"""
