-- The log. Rows of entry are never changed or deleted.
CREATE TABLE entry (
	idx       INTEGER PRIMARY KEY,
	stream    INTEGER NOT NULL,  -- stream.n
	statement BLOB,              -- SHA-256; null when an effect caused the entry
	body      BLOB NOT NULL
) STRICT;
CREATE INDEX entry_stream ON entry (stream);
-- Digests are random, and an index of random keys makes every insert dirty a page
-- of its own. Sorted within blocks of 4,096 entries, only the newest block is
-- dirtied; a look-up asks one block after the other, newest first. Eight bytes
-- find the entry, the column confirms it.
CREATE INDEX entry_statement ON entry (idx >> 12, substr(statement, 1, 8)) WHERE statement IS NOT NULL;

-- Up to 256 hashes of 32 bytes: place is level * 2^48 + index of the tile.
CREATE TABLE tile (
	place INTEGER PRIMARY KEY,
	data  BLOB NOT NULL
) STRICT;

-- Where the log ends. An append changes this row first, or nothing.
CREATE TABLE head (
	one        INTEGER PRIMARY KEY CHECK (one = 1),
	size       INTEGER NOT NULL,
	root       BLOB NOT NULL,
	checkpoint BLOB NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 0, zeroblob(32), x'');

-- Counts the writes that settled a commit whose outcome was unknown.
CREATE TABLE settled (
	one   INTEGER PRIMARY KEY CHECK (one = 1),
	times INTEGER NOT NULL
) STRICT;
INSERT INTO settled VALUES (1, 0);

-- What belongs to no stream.
CREATE TABLE world (
	one      INTEGER PRIMARY KEY CHECK (one = 1),
	snapshot BLOB NOT NULL
) STRICT;

-- Every stream that an entry names has a row; snapshot is null when it has none.
CREATE TABLE stream (
	n        INTEGER PRIMARY KEY,
	id       TEXT NOT NULL UNIQUE,
	live     INTEGER NOT NULL,
	last     INTEGER NOT NULL,
	snapshot BLOB
) STRICT;
CREATE INDEX stream_live ON stream (live) WHERE live = 1;
CREATE INDEX stream_last ON stream (last);

-- Read whole at start, swept in the order of arrival.
CREATE TABLE nonce (
	seq     INTEGER PRIMARY KEY,
	key     TEXT NOT NULL UNIQUE,
	expires INTEGER NOT NULL,  -- milliseconds since 1970
	body    BLOB NOT NULL
) STRICT;

CREATE TABLE task (
	seq  INTEGER PRIMARY KEY,
	id   TEXT NOT NULL UNIQUE,
	body BLOB NOT NULL
) STRICT;

-- Beside the log.
CREATE TABLE attachment (
	n      INTEGER PRIMARY KEY,
	digest BLOB NOT NULL UNIQUE,
	data   BLOB NOT NULL
) STRICT;

CREATE TABLE note (
	n    INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE,
	salt BLOB NOT NULL,
	text TEXT NOT NULL
) STRICT;
