-- Temporal tables: a row lives from the revision `born` until before the revision `died`,
-- or still, where that is NULL. Numbers of revisions count within a namespace.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE namespaces (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL UNIQUE,
    revision    INTEGER NOT NULL,
    -- Older revisions are forgotten, though some of their rows may still wait to be swept.
    oldest_kept INTEGER NOT NULL,
    -- The id that the next row of `utterances` gets.
    next_id     INTEGER NOT NULL
) STRICT;

CREATE TABLE revisions (
    namespace_id INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    change       TEXT NOT NULL,
    -- The first id that rows of `utterances` born in this revision can have: ids count up,
    -- so "born after" needs no index of its own.
    first_id     INTEGER NOT NULL,
    PRIMARY KEY (namespace_id, number)
) STRICT, WITHOUT ROWID;

-- Each distinct text once, for all namespaces and revisions.
CREATE TABLE texts (
    id     INTEGER PRIMARY KEY,
    hash   INTEGER NOT NULL,
    text   TEXT NOT NULL,
    vector BLOB NOT NULL
) STRICT;
CREATE INDEX texts_by_hash ON texts (hash);

-- Names that were given to routes; whether one is in use, its versions say.
CREATE TABLE routes (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace_id INTEGER NOT NULL,
    name         TEXT NOT NULL,
    UNIQUE (namespace_id, name)
) STRICT;

CREATE TABLE route_versions (
    id              INTEGER PRIMARY KEY,
    namespace_id    INTEGER NOT NULL,
    route_id        INTEGER NOT NULL REFERENCES routes (id),
    threshold       REAL,
    score_threshold REAL,
    description     TEXT,
    metadata        TEXT NOT NULL,
    born            INTEGER NOT NULL,
    died            INTEGER
) STRICT;
CREATE UNIQUE INDEX route_versions_alive
    ON route_versions (namespace_id, route_id) WHERE died IS NULL;
CREATE INDEX route_versions_by_route ON route_versions (route_id, born);
CREATE INDEX route_versions_by_birth ON route_versions (namespace_id, born);
CREATE INDEX route_versions_by_death
    ON route_versions (namespace_id, died) WHERE died IS NOT NULL;

-- Which texts stand in which list. A list belongs to a route, or to the namespace where
-- route_id is 0; kind 0 is utterances, 1 negatives. A text that comes back through a
-- rollback gets a new row with its old place.
CREATE TABLE utterances (
    namespace_id INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    route_id     INTEGER NOT NULL,
    kind         INTEGER NOT NULL CHECK (kind IN (0, 1)),
    place        INTEGER NOT NULL,
    text_id      INTEGER NOT NULL REFERENCES texts (id),
    born         INTEGER NOT NULL,
    died         INTEGER,
    PRIMARY KEY (namespace_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX utterances_alive
    ON utterances (namespace_id, route_id, kind, text_id) WHERE died IS NULL;
CREATE INDEX utterances_by_text ON utterances (text_id);
CREATE INDEX utterances_by_death
    ON utterances (namespace_id, died) WHERE died IS NOT NULL;

CREATE TABLE settings_versions (
    namespace_id INTEGER NOT NULL,
    settings     TEXT NOT NULL,
    born         INTEGER NOT NULL,
    died         INTEGER,
    PRIMARY KEY (namespace_id, born)
) STRICT, WITHOUT ROWID;

INSERT INTO namespaces (name, revision, oldest_kept, next_id) VALUES ('default', 0, 0, 1);
