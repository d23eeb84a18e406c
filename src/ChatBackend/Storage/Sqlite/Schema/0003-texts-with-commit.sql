-- Texts are indexed by the writer at the end of a transaction, no longer by a trigger.
DROP TRIGGER texts_inserted;
