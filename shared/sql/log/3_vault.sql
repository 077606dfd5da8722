CREATE SCHEMA vault;
-- One key per subject. Destroying it erases what it sealed, in every event and every copy of the log.
CREATE TABLE vault.keys (subject text PRIMARY KEY, key bytea NOT NULL);
-- Re-applied after every restore, so that a backup brings no erased key back.
CREATE TABLE vault.erased (subject text PRIMARY KEY, erased_at timestamptz NOT NULL DEFAULT now());
