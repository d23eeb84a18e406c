-- Damage is found: pieces of results and step records carry checksums of their bytes, as events do (CRC-32). Those of earlier versions have none.
ALTER TABLE "tool_results" ADD "checksum" INTEGER NULL;
ALTER TABLE "step_records" ADD "checksum" INTEGER NULL;
