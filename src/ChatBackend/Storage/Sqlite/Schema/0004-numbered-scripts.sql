-- From here on user_version alone records the schema.
DROP TABLE IF EXISTS "__EFMigrationsHistory";
DROP TABLE IF EXISTS "__EFMigrationsLock";
