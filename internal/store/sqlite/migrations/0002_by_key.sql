-- Tasks and memos lie sorted by their keys, which begin with the number of an entry:
-- what comes and goes together lies side by side, in one tree and not in two. Tasks
-- were kept under their id alone.
CREATE TABLE kept_task (
	id   TEXT PRIMARY KEY,
	body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO kept_task SELECT printf('%016x/%s', json_extract(CAST(body AS TEXT), '$.entry'), id), body FROM task;
DROP TABLE task;
ALTER TABLE kept_task RENAME TO task;

-- Read whole at start, swept in the order of keys.
CREATE TABLE kept_nonce (
	key     TEXT PRIMARY KEY,
	expires INTEGER NOT NULL,  -- milliseconds since 1970
	body    BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO kept_nonce SELECT key, expires, body FROM nonce;
DROP TABLE nonce;
ALTER TABLE kept_nonce RENAME TO nonce;
