using Microsoft.Data.Sqlite;

namespace ChatBackend.Storage.Sqlite;

/// <summary>Statements that run seldom and are not worth keeping.</summary>
internal static class SqliteCommands
{
    extension(SqliteConnection connection)
    {
        /// <summary>Runs one or more statements.</summary>
        public void Execute(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }

        /// <summary>The first column of the first row, an integer.</summary>
        public long Scalar(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            return (long)command.ExecuteScalar()!;
        }
    }
}
