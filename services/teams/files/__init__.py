"""Villages, teams and people by file: templates, and what their rows mean as commands.

    templates.py   sheets and columns, the same for import and export
    cells.py       kinds of cells that only the registry has
    keys.py        ids made from what a row says, so that the same row sent twice is the same command
    plan.py        rows → operations in the order in which they can be stored: villages, teams with their people, seats
    references.py  which unit, village or document a row names
    documents.py, villages.py, teams.py   doing operations of a kind
    work.py        the job: chunks of operations, results per row

Good rows are stored whatever the bad ones are. A team with bad people rows is established with the good ones; a bad row
that is corrected and sent again (with the whole file, or alone) is then appointed. People of a team that is refused are
not registered at all: nothing is kept about somebody who has no seat.
"""
