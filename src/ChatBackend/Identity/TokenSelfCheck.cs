using ChatBackend.Protocol;
using Microsoft.Extensions.Hosting;

namespace ChatBackend.Identity;

/// <summary>
/// Issues and reads one token before the first client comes. Keys that cannot be written, or not be read back, end the start-up;
/// otherwise every user would be refused, and only then.
/// </summary>
internal sealed class TokenSelfCheck(SessionTokens tokens) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var (token, issued) = tokens.Issue(UserId.New());
        return tokens.Read(token) == issued
            ? Task.CompletedTask
            : throw new InvalidOperationException("A token that was just issued cannot be read. Look at <DataDirectory>/keys and the machine's clock.");
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
