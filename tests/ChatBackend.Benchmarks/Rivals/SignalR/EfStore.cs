using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace ChatBackend.Benchmarks.Rivals.SignalR;

/// <summary>One commit for each message, by EF Core as it comes.</summary>
internal sealed class EfStore(ChatDb db, EfWriters writers) : IMessageStore
{
    private const int MaxTries = 5;
    private const int SqliteBusy = 5;

    public async Task SaveAsync(Message message, CancellationToken cancellationToken)
    {
        db.Messages.Add(message);
        await writers.Gate.WaitAsync(cancellationToken);
        try
        {
            await SaveAsync(cancellationToken);
        }
        finally
        {
            writers.Gate.Release();
        }
    }

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                return;
            }
            catch (DbUpdateException ex) when (attempt < MaxTries && ex.InnerException is SqliteException { SqliteErrorCode: SqliteBusy })
            {
                // The provider has waited its command time-out already; the message is still to be inserted.
            }
        }
    }
}

/// <summary>How many may write at once: as many as like, as a team would write it at first; or one, once it has seen what SQLite's lock does to a hundred.</summary>
internal sealed class EfWriters(int atOnce)
{
    public SemaphoreSlim Gate { get; } = new(atOnce);
}

internal sealed class ChatDb(DbContextOptions<ChatDb> options) : DbContext(options)
{
    public DbSet<Message> Messages => Set<Message>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) =>
        modelBuilder.Entity<Message>().HasIndex(message => message.ThreadId);
}
