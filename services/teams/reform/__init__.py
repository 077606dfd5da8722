"""The reform kit: one file of links old unit → new unit becomes a plan, a preview, commands, a reconciliation, an undo.

Pure, functions of the file and of a tree of units:

    sheet       the template, and a row of it as a ``Line``; ``places`` where the rows stood
    found       which unit a code, an id or a name means on a day
    targets     the new units that the rows of a day speak of; ``rules`` what the rows of one old unit must not say
    plan        rows → ``Plan``: what is established, altered, abolished; ``groups`` what hangs together
    moves       what becomes of the teams; ``mergers`` of those that become one
    orders      plan → commands with ids of their own, and how they are kept
    preview     plan, teams and seats → sections; ``workbook`` as a file

With the registry: ``census`` asks its tables set by set, ``store`` is what the kit keeps, ``prepare`` makes all of it,
``reconcile`` counts afterwards, ``resting`` finds what an undoing would leave without ground. ``checking``,
``applying`` and ``undoing`` are the jobs (``task``).
"""
