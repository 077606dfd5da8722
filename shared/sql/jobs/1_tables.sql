CREATE SCHEMA jobs;

-- Work on an uploaded file, or on what is stored, that outlives the request. Nothing here is personal but the sealed files.
CREATE TABLE jobs.jobs (
    job_id          uuid PRIMARY KEY,
    task            text NOT NULL,
    params          jsonb NOT NULL,
    sub             text NOT NULL,                 -- who asked, and what they held then: authority is judged by it
    scopes          text[] NOT NULL,
    units           text[] NOT NULL,
    locale          text NOT NULL,
    idempotency_key uuid,
    media           text NOT NULL,                 -- csv | xlsx | ndjson | '' (no upload)
    size            bigint NOT NULL,
    digest          bytea NOT NULL,                -- keyed hash of the uploaded bytes
    state           text NOT NULL DEFAULT 'waiting',   -- waiting | checking | applying | done | failed | cancelled
    cursor          bigint NOT NULL DEFAULT 0,     -- where the next step begins
    total           bigint,
    counts          jsonb NOT NULL DEFAULT '{}',   -- outcome → rows
    summary         jsonb NOT NULL DEFAULT '{}',
    problem         jsonb,
    heads           jsonb NOT NULL DEFAULT '{}',   -- partition → last position of the log when work began
    cancelling      bool NOT NULL DEFAULT false,
    has_result      bool NOT NULL DEFAULT false,
    tries           smallint NOT NULL DEFAULT 0,   -- times taken since it last moved on
    lease           bigint NOT NULL DEFAULT 0,     -- fence: a worker that lost its lease can commit nothing
    leased_until    timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    expires_at      timestamptz,                   -- files, results and key are destroyed then
    expired         bool NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX jobs_by_key ON jobs.jobs (sub, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_to_do ON jobs.jobs (created_at) WHERE state IN ('waiting', 'checking', 'applying');
CREATE INDEX jobs_to_expire ON jobs.jobs (expires_at) WHERE NOT expired;

-- Pieces of the uploaded and the result file, sealed under the key of "job:<id>". Pieces without a job are an upload under
-- way, or one that was given up.
CREATE TABLE jobs.files (
    job_id     uuid NOT NULL,
    part       text NOT NULL,                      -- upload | result
    n          int NOT NULL,
    data       bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, part, n)
);
ALTER TABLE jobs.files ALTER COLUMN data SET STORAGE EXTERNAL;  -- what is encrypted does not compress

-- What became of the rows, a step at a time: [[index, outcome, sheet, row, findings], …], without any cell's content.
CREATE TABLE jobs.results (
    job_id  uuid NOT NULL,
    n       bigint NOT NULL,                       -- the cursor of the step
    results jsonb NOT NULL,
    PRIMARY KEY (job_id, n)
);
