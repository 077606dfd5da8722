CREATE SCHEMA log;

-- A log restored from a backup gets a new id: its positions may mean other events than the ones consumers already hold.
CREATE TABLE log.identity (log_id uuid NOT NULL DEFAULT gen_random_uuid());
CREATE UNIQUE INDEX one_identity ON log.identity ((true));
INSERT INTO log.identity DEFAULT VALUES;

-- The head is lock, counter and witness: appenders queue on its row, and an event deleted from the tail shows against it.
CREATE TABLE log.heads (
    partition   smallint PRIMARY KEY,
    position    bigint NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);

CREATE TABLE log.events (
    position    bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    command_id  uuid NOT NULL,
    version     int NOT NULL,
    partition   smallint NOT NULL,
    schema      smallint NOT NULL,
    ordinal     smallint NOT NULL,  -- from 1 within the command
    total       smallint NOT NULL,  -- of the command's events in this partition, which have consecutive positions
    stream_id   text COLLATE "C" NOT NULL,
    type        text NOT NULL,
    fingerprint bytea NOT NULL,
    hash        bytea NOT NULL,
    metadata    jsonb NOT NULL,
    data        jsonb NOT NULL,
    PRIMARY KEY (stream_id, version)
);
-- Keys start with stream_id and command_id, never with partition: on a table without statistics the planner else picks the wrong one.
CREATE UNIQUE INDEX events_by_position ON log.events (partition, position);
CREATE UNIQUE INDEX events_by_command ON log.events (command_id) WHERE ordinal = 1;
