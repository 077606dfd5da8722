CREATE SCHEMA bus;

-- One row per subscription, source and partition: checkpoint, lease and fence in one. Source '' is the service's own log.
CREATE TABLE bus.cursors (
    subscription text COLLATE "C" NOT NULL,
    source       text COLLATE "C" NOT NULL DEFAULT '',
    partition    smallint NOT NULL,
    position     bigint NOT NULL DEFAULT 0,
    leased_until timestamptz,       -- only where the work must not hold a transaction (the relay)
    moved_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subscription, source, partition)
) WITH (fillfactor = 50);           -- room for in-page updates: these rows change with every batch

-- Events a projection could not take, and the later events of their streams, in the order of their positions.
CREATE TABLE bus.parked (
    subscription text COLLATE "C" NOT NULL,
    source       text COLLATE "C" NOT NULL,
    partition    smallint NOT NULL,
    position     bigint NOT NULL,
    stream_id    text COLLATE "C" NOT NULL,
    error        text NOT NULL,     -- where and what kind of error, never a value
    parked_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subscription, source, partition, position)
);

-- Other services' events, stored in any order. Every position has one row, so count(*) = max(position) = head.
-- type NULL: a position this service does not use (a private event, hash NULL, or a type it does not read).
CREATE TABLE bus.mirror (
    position    bigint NOT NULL,
    recorded_at timestamptz,
    mirrored_at timestamptz NOT NULL DEFAULT now(),
    log_id      uuid NOT NULL,
    command_id  uuid,
    revision    int NOT NULL DEFAULT 0,
    partition   smallint NOT NULL,
    version     smallint,           -- of the public contract
    ordinal     smallint,
    source      text COLLATE "C" NOT NULL,
    type        text,
    stream_id   text COLLATE "C",
    hash        bytea,
    data        jsonb,
    PRIMARY KEY (source, log_id, partition, position)
);
-- Events the source could not map; their good form is looked for in the source's feed now and then.
CREATE INDEX mirror_placeholders ON bus.mirror (source, partition, position) WHERE type = 'Unpublishable';

CREATE TABLE bus.sources (
    source       text COLLATE "C" PRIMARY KEY,
    log_id       uuid,                          -- the incarnation in use; another one raises an alarm and is not mixed in
    heads        jsonb NOT NULL DEFAULT '{}',   -- partition → last position, as the source said at checked_at
    dense        jsonb NOT NULL DEFAULT '{}',   -- partition → position up to which the mirror was found without holes
    checked_at   timestamptz,
    leased_until timestamptz                    -- one worker at a time polls and repairs
);

CREATE TABLE bus.alarms (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source    text COLLATE "C" NOT NULL,
    kind      text NOT NULL,                    -- log-id | hash | above-head
    detail    text NOT NULL,
    times     int NOT NULL DEFAULT 1,
    raised_at timestamptz NOT NULL DEFAULT now(),   -- last time
    UNIQUE (source, kind, detail)
);
