using Microsoft.EntityFrameworkCore;

namespace ChatBackend.Benchmarks.Rivals.SignalR;

/// <summary>One commit for each message, by EF Core as it comes; and one at a time, since the provider's wait for SQLite's lock would make it ten times slower.</summary>
internal sealed class EfStore(ChatDb db, EfTurns turns) : IMessageStore
{
    public async Task SaveAsync(Message message, CancellationToken cancellationToken)
    {
        db.Messages.Add(message);
        await turns.Gate.WaitAsync(cancellationToken);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        finally
        {
            turns.Gate.Release();
        }
    }
}

internal sealed class EfTurns
{
    public SemaphoreSlim Gate { get; } = new(1, 1);
}

internal sealed class ChatDb(DbContextOptions<ChatDb> options) : DbContext(options)
{
    public DbSet<Message> Messages => Set<Message>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) =>
        modelBuilder.Entity<Message>().HasIndex(message => message.ThreadId);
}
