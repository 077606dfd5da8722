-- Runs at every migration, too: databases of earlier releases get what they lack.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM information_schema.columns
                    WHERE (table_schema, table_name, column_name) = ('bus', 'sources', 'types')) THEN
        -- Event types that the mirror holds with their data from the first position on; NULL: not known.
        ALTER TABLE bus.sources ADD COLUMN types text[];
    END IF;
END $$;
