"""A team, its life and its seats: stream ``team:<id>``.

``events`` what can happen · ``state`` what a team is · ``replay`` how facts make a team and what they need ·
``life``, ``seats``, ``corrections`` and, over ``rearrange`` and ``moves``, ``merge``, ``split``, ``undo`` the commands.
"""
