-- Unit facts as teams published them; every service keeps its own copy and folds it into a tree.
-- recorded_at is that of the log of teams, so it grows with the position: what was known at an instant is a prefix.
CREATE TABLE read.unit_facts (
    position    bigint PRIMARY KEY,
    type        text NOT NULL,
    data        jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT '-infinity'
);
CREATE INDEX unit_facts_by_time ON read.unit_facts (recorded_at, position);
