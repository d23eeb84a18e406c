using ChatBackend.Client;

namespace ChatBackend.Tests.Client;

/// <summary>A client that is connected to a server which a test plays.</summary>
public abstract class OpenClient : IAsyncLifetime
{
    private protected ScriptedServer Server { get; private set; } = null!;

    private protected ChatConnection Client { get; private set; } = null!;

    private protected ScriptedSocket Socket { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await ScriptedServer.StartAsync();
        (Client, Socket) = await Server.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Client.Abort();
        await Server.DisposeAsync();
    }
}
