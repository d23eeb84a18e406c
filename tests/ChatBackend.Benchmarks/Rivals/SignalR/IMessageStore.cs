namespace ChatBackend.Benchmarks.Rivals.SignalR;

/// <summary>Where the hub keeps messages, if it does.</summary>
internal interface IMessageStore
{
    /// <summary>Returns when the message is durable.</summary>
    Task SaveAsync(Message message, CancellationToken cancellationToken);
}

/// <summary>Keeps nothing.</summary>
internal sealed class NoStore : IMessageStore
{
    public Task SaveAsync(Message message, CancellationToken cancellationToken) => Task.CompletedTask;
}
