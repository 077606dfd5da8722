"""Bodies at the HTTP edge → commands. One file per aggregate; ``base`` says how a body becomes a command.

A row of a batch names its command id (``id``) and, where rows differ, what it does (``do``); the single routes take the
same fields: the route says what to do, the path says to whom.
"""
