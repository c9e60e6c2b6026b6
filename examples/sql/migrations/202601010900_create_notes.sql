-- /// migration
-- revision = "a5c1d2e3f405"
-- message = "create notes"
-- ///

-- upgrade
CREATE TABLE notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO notes (body) VALUES ('the first note; with a semicolon');

-- downgrade
DROP TABLE notes;
