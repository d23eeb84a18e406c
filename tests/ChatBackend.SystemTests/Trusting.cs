namespace ChatBackend.SystemTests;

/// <summary>Clients that take the server's self-signed certificate.</summary>
internal static class Trusting
{
    public static HttpClient Client(Uri address) => new(Handler()) { BaseAddress = address, Timeout = ServerProcess.Deadline };

    public static HttpClientHandler Handler() => new()
    {
        ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
        UseCookies = false,
    };

    public static void Configure(System.Net.WebSockets.ClientWebSocketOptions socket) =>
        socket.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null;
}
