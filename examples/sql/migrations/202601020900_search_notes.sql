-- /// migration
-- revision = "b6d2e3f40516"
-- revises = ["a5c1d2e3f405"]
-- message = "make notes searchable"
-- ///

-- upgrade
ALTER TABLE notes
    ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('english', body)) STORED;
CREATE INDEX notes_words ON notes USING gin (words);

-- downgrade
ALTER TABLE notes DROP COLUMN words;
