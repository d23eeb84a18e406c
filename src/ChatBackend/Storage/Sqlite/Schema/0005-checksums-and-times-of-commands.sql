-- Damage is found: each event carries a checksum of its bytes (CRC-32). Events of earlier versions have none.
ALTER TABLE "events" ADD "checksum" INTEGER NULL;

-- Commands are forgotten after their time, the oldest first, which is in the order of their rowids.
ALTER TABLE "commands" ADD "at" INTEGER NOT NULL DEFAULT 0;
UPDATE commands SET at = CAST(unixepoch('subsec') * 1000 AS INTEGER);
