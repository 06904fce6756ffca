-- Models that made the file's vectors, one after the other; which one did last, `meta` says. Those that were
-- installed into the database lie here themselves, so that it opens anywhere, and can go back.

CREATE TABLE models (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    -- SHA-256 of the model file, in hexadecimal.
    fingerprint  TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    dimensions   INTEGER NOT NULL,
    -- When its vectors first came in; unknown of those before the first that was installed.
    at_ms        INTEGER,
    -- Of a tuned model: whose routes it learned, and their revision.
    namespace    TEXT,
    revision     INTEGER,
    -- JSON, for whoever lists models.
    report       TEXT,
    -- The model file; NULL where the program brings it along.
    file         BLOB
) STRICT;

INSERT INTO models (fingerprint, name, dimensions)
    SELECT (SELECT value FROM meta WHERE key = 'model_fingerprint'),
           (SELECT value FROM meta WHERE key = 'model_name'),
           (SELECT value FROM meta WHERE key = 'dimensions')
    WHERE EXISTS (SELECT 1 FROM meta WHERE key = 'model_fingerprint');
