-- {app}, {vault} and {verify} are role names: least privilege from the first day.
GRANT USAGE ON SCHEMA log TO {app}, {verify};
GRANT SELECT ON ALL TABLES IN SCHEMA log TO {app}, {verify};
GRANT EXECUTE ON FUNCTION log.append(jsonb) TO {app};
GRANT USAGE ON SCHEMA vault TO {vault};
GRANT SELECT, INSERT, DELETE ON vault.keys, vault.erased TO {vault};
