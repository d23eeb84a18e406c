using ChatBackend.Protocol;

namespace ChatBackend.Client.Connections;

/// <summary>The caller's store, one call after the other in the order they were asked for: what is kept is in the order of sending.</summary>
internal sealed class PersistentSendQueue(ISendStore store)
{
    private readonly Lock _lock = new();
    private Task _last = Task.CompletedTask;
    private UserId _user;

    /// <summary>What was kept of this user, whose everything is that is kept from now on.</summary>
    public ValueTask<IReadOnlyList<StoredSend>> LoadAsync(UserId user, CancellationToken cancellationToken)
    {
        _user = user;
        return store.LoadAsync(user, cancellationToken);
    }

    public Task SaveAsync(PendingCommand command) => Enqueue(() => store.SaveAsync(_user, command.ToStored()));

    /// <summary>
    /// A command's answer. What the server said yes or no to for good is forgotten before; what the connection's end left open is kept, and so is what an earlier
    /// process sent and the server refuses, with the error: the caller may be gone.
    /// </summary>
    public async Task<Ack?> AnswerAsync(PendingCommand command)
    {
        Ack? ack;
        try
        {
            ack = await command.Answer.Task;
        }
        catch (ChatErrorException ex)
        {
            await (command.IsRestored ? Enqueue(() => store.SaveAsync(_user, command.ToStored(ex.Error))) : RemoveAsync(command.Id));
            throw;
        }

        await RemoveAsync(command.Id);
        return ack;
    }

    public Task RemoveAsync(ClientFrameId id) => Enqueue(() => store.RemoveAsync(_user, id));

    /// <summary>Ends, never fails, when nothing that was asked for is still to be done.</summary>
    public async Task SettledAsync()
    {
        Task last;
        lock (_lock)
        {
            last = _last;
        }

        await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its caller is told of it
    }

    private Task Enqueue(Func<ValueTask> step)
    {
        lock (_lock)
        {
            return _last = RunAsync(_last, step);
        }
    }

    private static async Task RunAsync(Task before, Func<ValueTask> step)
    {
        // Never in the lock of the caller.
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        await step();
    }
}
