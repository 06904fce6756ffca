-- What was learned from a namespace's routes. Fits stand beside the revisions and make none: a row
-- of `revisions` says what people wrote, one of `fits` what was made of it.

CREATE TABLE fits (
    id           INTEGER PRIMARY KEY,
    namespace_id INTEGER NOT NULL,
    -- Counts up within a namespace.
    number       INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    -- The content that it was made from.
    revision     INTEGER NOT NULL,
    -- Whether nobody asked for it.
    automatic    INTEGER NOT NULL CHECK (automatic IN (0, 1)),
    in_force     INTEGER NOT NULL CHECK (in_force IN (0, 1)),
    -- JSON, for whoever lists fits.
    report       TEXT NOT NULL,
    -- JSON, for decisions; and the CRC-32 of it.
    fit          TEXT NOT NULL,
    crc          INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX fits_by_number ON fits (namespace_id, number);
CREATE UNIQUE INDEX fits_in_force ON fits (namespace_id) WHERE in_force = 1;
