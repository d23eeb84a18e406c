using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatBackend.Identity;

/// <summary>Makes the first key at the start, whether or not anybody ever needs a token. A log with threads and without a key is taken for one that lost its keys.</summary>
internal sealed class KeysSelfCheck([FromKeyedServices(TokenProtection.Key)] IDataProtectionProvider protection) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var protector = protection.CreateProtector("ChatBackend.KeysSelfCheck");
        protector.Unprotect(protector.Protect([1]));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
