"""An append stays linear in its commands, whatever the planner believes about the tables."""

from __future__ import annotations

import re
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from shared.migrate import kernel_sql

COMMANDS = 60


@pytest.mark.parametrize("analysed", [False, True])
def test_no_part_of_a_call_is_gone_through_again_for_every_command(pg, database, analysed):
    made = database("visits", migrate=False)
    with psycopg.connect(made.owner_url) as connection:
        for statements in kernel_sql("visits", 4):
            connection.execute(statements)
    told: list[str] = []
    with psycopg.connect(make_conninfo(pg.admin_url, dbname=made.name), autocommit=True) as admin:
        admin.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
        for statement in (
            "LOAD 'auto_explain'",
            "SET auto_explain.log_min_duration = 0",
            "SET auto_explain.log_analyze = on",
            "SET auto_explain.log_nested_statements = on",
            "SET client_min_messages = log",
        ):
            admin.execute(statement)
        for _ in range(2):
            if analysed:
                admin.execute("VACUUM ANALYZE log.heads, log.events")
            told.clear()
            admin.execute("SELECT * FROM log.append(%s::jsonb)", [_commands()]).fetchall()
    [plan] = [text for text in told if "CTE numbered" in text]
    scans = re.findall(r"CTE Scan on (\w+).*?loops=(\d+)\)", plan)
    assert {"event", "judged", "numbered"} <= {name for name, _ in scans}
    assert [scan for scan in scans if scan[1] != "1"] == []


def _commands() -> str:
    def command() -> str:
        events = ",".join(f'["thing:{uuid4()}", 1, "Happened", 1, "00", {{}}, 0]' for _ in range(4))
        return (
            f'{{"id": "{uuid4()}", "fingerprint": "00", "partitions": [0], "metadata": {{}}, "events": [{events}],'
            ' "reads": [["other", 0]]}'
        )

    return f"[{','.join(command() for _ in range(COMMANDS))}]"
