using ChatBackend.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace ChatBackend.Tests.Storage;

/// <summary>What is bound to a statement is what SQLite has of it, and comes back as it was.</summary>
public sealed class SqliteValueTests : IDisposable
{
    private readonly SqliteReadConnection _reader;
    private readonly SqliteConnection _connection = new("Data Source=:memory:");

    public SqliteValueTests()
    {
        _connection.Open();
        _reader = new SqliteReadConnection(_connection);
    }

    public void Dispose() => _reader.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(169)]
    [InlineData(170)]
    [InlineData(171)]
    [InlineData(512)]
    [InlineData(100_000)]
    public void A_text_of_any_length_comes_back(int length)
    {
        foreach (var character in new[] { "a", "é", "語" })
        {
            var text = string.Concat(Enumerable.Repeat(character, length));

            First("SELECT typeof(?1), ?1", row => (row.Text(0), row.Text(1)), text).Should().Be(("text", text));
        }
    }

    [Fact]
    public void Numbers_flags_bytes_and_nothing_keep_their_kind()
    {
        SqliteValue[] values = [7L, (long?)8, (long?)null, true, false, (string?)null, (ReadOnlyMemory<byte>)new byte[] { 1, 0, 255 }];

        values.Select(value => First("SELECT typeof(?1) || ' ' || ifnull(quote(?1), '')", row => row.Text(0), value))
            .Should().Equal("integer 7", "integer 8", "null NULL", "integer 1", "integer 0", "null NULL", "blob X'0100FF'");
        First("SELECT ?1 IS NULL, ?2", row => (row.Number(0), row.IsNull(0), row.Number(1)), (string?)null, 3L).Should().Be((1, false, 3));
        First("SELECT NULL", row => row.IsNull(0)).Should().BeTrue();
        First("SELECT ?1", row => row.Bytes(0), (ReadOnlyMemory<byte>)new byte[] { 1, 0, 255 }).Should().Equal(1, 0, 255);
    }

    [Fact]
    public void A_query_is_used_again_with_other_values_and_after_one_that_failed()
    {
        _reader.Execute("CREATE TABLE numbers (number INTEGER UNIQUE)");
        foreach (var number in new[] { 1L, 2L, 3L })
        {
            _reader.Execute("INSERT INTO numbers VALUES (?1)", number);
        }

        _reader.Invoking(reader => reader.Execute("INSERT INTO numbers VALUES (?1)", 2L)).Should().Throw<SqliteException>().Which.SqliteErrorCode.Should().Be(19);
        _reader.Execute("INSERT INTO numbers VALUES (?1)", 4L);

        _reader.List("SELECT number FROM numbers WHERE number > ?1 ORDER BY 1", row => row.GetInt64(0), 1L).Should().Equal(2, 3, 4);
        _reader.List("SELECT number FROM numbers WHERE number > ?1 ORDER BY 1", row => row.GetInt64(0), 3L).Should().Equal(4);
        _reader.First("SELECT number FROM numbers WHERE number > ?1", row => (long?)row.GetInt64(0), 4L).Should().BeNull();
    }

    [Fact]
    public void A_statement_says_how_many_rows_it_changed_and_one_that_is_wrong_is_refused_at_once()
    {
        _reader.Execute("CREATE TABLE numbers (number INTEGER)");
        using var add = new SqliteStatement(_connection, "INSERT INTO numbers SELECT value FROM json_each(?1)");
        using var remove = new SqliteStatement(_connection, "DELETE FROM numbers WHERE number > ?1");

        (add.Execute("[1, 2, 3]"), add.Execute("[4]"), remove.Execute(1L), remove.Execute(1L)).Should().Be((3, 1, 3, 0));
        FluentActions.Invoking(() => new SqliteStatement(_connection, "SELECT number FROM nowhere")).Should().Throw<SqliteException>().WithMessage("*nowhere*");
        FluentActions.Invoking(() => add.Execute("[]", "one too many")).Should().Throw<SqliteException>();
    }

    [Fact]
    public void Seldom_statements_run_one_after_the_other_and_give_a_number()
    {
        _connection.Execute("CREATE TABLE numbers (number INTEGER); INSERT INTO numbers VALUES (5), (6)");

        _connection.Scalar("SELECT max(number) FROM numbers").Should().Be(6);
    }

    private TRow First<TRow>(string sql, Func<SqliteRows, TRow> read, params ReadOnlySpan<SqliteValue> values)
    {
        using var statement = new SqliteStatement(_connection, sql);
        using var rows = statement.Query(values);
        rows.Read().Should().BeTrue();
        return read(rows);
    }
}
