using System.Net.Security;

namespace ChatBackend.Server;

/// <summary>
/// <c>health</c>: asks the server that runs with the same settings whether it takes connections, for the health check of a container, whose image has no
/// other program that could ask.
/// </summary>
internal static class HealthCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static bool IsOne(IReadOnlyList<string> args) => args is ["health", ..];

    /// <returns>0 when it answers that it is ready.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        // As the server's own builder reads them.
        var configuration = new ConfigurationBuilder()
            .AddEnvironmentVariables("ASPNETCORE_")
            .AddEnvironmentVariables("DOTNET_")
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
            .AddEnvironmentVariables()
            .AddCommandLine(args[1..])
            .Build();
        var address = Address(configuration);
        try
        {
            using var handler = new HttpClientHandler
            {
                // This machine's own server, whatever names stand in its certificate.
                ServerCertificateCustomValidationCallback = (request, _, _, errors) => errors == SslPolicyErrors.None || request.RequestUri!.IsLoopback,
            };
            using var http = new HttpClient(handler) { Timeout = Patience };
            using var answer = await http.GetAsync(address);
            output.WriteLine(await answer.Content.ReadAsStringAsync());
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception ex) when (ex is HttpRequestException or OperationCanceledException)
        {
            output.WriteLine($"{address} does not answer: {ex.Message}");
            return 1;
        }
    }

    internal static Uri Address(IConfiguration configuration)
    {
        var listening = Addresses.All(configuration).FirstOrDefault(address => !address.IsUnixPipe && !address.IsNamedPipe) ?? BindingAddress.Parse(Addresses.Default);
        var host = listening.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "localhost" : listening.Host;
        return new Uri($"{listening.Scheme}://{host}:{listening.Port}{configuration["PathBase"]}/health/ready");
    }
}
