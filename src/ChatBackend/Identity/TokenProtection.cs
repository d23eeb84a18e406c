using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ChatBackend.Identity;

/// <summary>
/// Data Protection of our own, with the keys of the data directory. The application's own has other keys and another name, and stays as it is:
/// with ours in its place every cookie that it ever sealed would be void.
/// </summary>
internal sealed class TokenProtection : IDataProtectionProvider, IDisposable
{
    /// <summary>The key of the service, which is one of several <see cref="IDataProtectionProvider"/> in an application.</summary>
    public const string Key = "ChatBackend";

    private readonly ServiceProvider _services;
    private readonly IDataProtectionProvider _provider;

    public TokenProtection(KeyFiles files, ILoggerFactory loggers)
    {
        var services = new ServiceCollection().AddSingleton(loggers);
        // A fixed name: the default is the content root, and a server that was moved would refuse its users.
        services.AddDataProtection().SetApplicationName("ChatBackend");
        services.Configure<KeyManagementOptions>(keys => keys.XmlRepository = files);
        _services = services.BuildServiceProvider();
        _provider = _services.GetRequiredService<IDataProtectionProvider>();
    }

    public IDataProtector CreateProtector(string purpose) => _provider.CreateProtector(purpose);

    public void Dispose() => _services.Dispose();
}
