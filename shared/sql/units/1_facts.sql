-- Unit facts as teams published them; every service keeps its own copy and folds it into a tree.
CREATE TABLE read.unit_facts (position bigint PRIMARY KEY, type text NOT NULL, data jsonb NOT NULL);
