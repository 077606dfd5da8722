-- {app} and {verify} are role names.
GRANT USAGE ON SCHEMA bus TO {app}, {verify};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bus TO {app};
GRANT SELECT ON ALL TABLES IN SCHEMA bus TO {verify};
