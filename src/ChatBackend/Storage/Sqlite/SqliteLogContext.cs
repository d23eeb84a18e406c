using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace ChatBackend.Storage.Sqlite;

internal sealed class SqliteLogContext(DbContextOptions<SqliteLogContext> options) : LogContext(options)
{
    public static DbContextOptions<SqliteLogContext> OptionsFor(string connectionString) =>
        new DbContextOptionsBuilder<SqliteLogContext>().UseSqlite(connectionString).Options;

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        // The append path lets SQLite give the rowid. AUTOINCREMENT would cost a second table's write for each insert.
        modelBuilder.Entity<ThreadRow>().Property(row => row.Key).ValueGeneratedNever();
        modelBuilder.Entity<CheckpointRow>().Property(row => row.Key).ValueGeneratedNever();
        modelBuilder.Entity<TextRow>().Property(row => row.Key).ValueGeneratedNever();
    }
}

/// <summary>For <c>dotnet ef migrations add</c> only, which needs the model and no database.</summary>
internal sealed class SqliteLogContextDesign : IDesignTimeDbContextFactory<SqliteLogContext>
{
    public SqliteLogContext CreateDbContext(string[] args) => new(SqliteLogContext.OptionsFor("Data Source=:memory:"));
}
