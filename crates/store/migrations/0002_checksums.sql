-- What a disk silently changes is noticed: see src/checksum.rs for what the numbers are of.
ALTER TABLE texts ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
ALTER TABLE namespaces ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
