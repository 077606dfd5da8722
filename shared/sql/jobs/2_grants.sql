-- {app} and {verify} are role names.
GRANT USAGE ON SCHEMA jobs TO {app}, {verify};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO {app};
GRANT SELECT ON jobs.jobs TO {verify};
