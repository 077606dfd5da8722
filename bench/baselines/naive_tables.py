"""The two tables of the naive pipeline."""

TABLES = """
CREATE TABLE visits (visit_id uuid PRIMARY KEY, unit_id text NOT NULL, day date NOT NULL, content jsonb NOT NULL);
CREATE TABLE figures (unit_id text, day date, visits int NOT NULL, PRIMARY KEY (unit_id, day));
"""
