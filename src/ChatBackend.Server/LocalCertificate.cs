using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ChatBackend.Storage;

namespace ChatBackend.Server;

/// <summary>
/// A self-signed certificate for this machine, kept in a file so that a browser that was told to trust it still does after a restart.
/// </summary>
internal sealed partial class LocalCertificate
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    private const string FileName = "localhost.pfx";

    private readonly ILogger<LocalCertificate> _logger;

    public LocalCertificate(DataDirectory data, TimeProvider clock, ILogger<LocalCertificate> logger)
    {
        _logger = logger;
        Certificate = Load(data.File(FileName)) is { } kept && kept.NotAfter.ToUniversalTime() - clock.GetUtcNow().UtcDateTime > RenewBefore
            ? kept
            : Make(data, clock.GetUtcNow());
    }

    public X509Certificate2 Certificate { get; }

    private X509Certificate2? Load(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var certificate = X509CertificateLoader.LoadPkcs12FromFile(path, password: null);
            return certificate.HasPrivateKey ? certificate : null;
        }
        catch (CryptographicException ex)
        {
            // No client depends on this very certificate; a server that does not start would be worse than a new warning in a browser.
            LogUnreadable(path, ex.Message);
            return null;
        }
    }

    private X509Certificate2 Make(DataDirectory data, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1", "serverAuth")], critical: false));

        // A day back, for clients whose clock is behind.
        using var made = request.CreateSelfSigned(now.AddDays(-1), now + Lifetime);
        var pfx = made.Export(X509ContentType.Pkcs12);
        data.Write(FileName, pfx);
        LogMade(data.File(FileName), made.NotAfter.ToUniversalTime());
        // Read back from its bytes: on some platforms TLS cannot use a key that was never stored.
        return X509CertificateLoader.LoadPkcs12(pfx, password: null);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "A self-signed certificate for localhost was made and kept in {Path}; it is valid until {Until:u}")]
    private partial void LogMade(string path, DateTime until);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The certificate in {Path} cannot be read ({Reason}) and is replaced")]
    private partial void LogUnreadable(string path, string reason);
}
