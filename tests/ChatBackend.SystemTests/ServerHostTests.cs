using System.Net;
using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;

namespace ChatBackend.SystemTests;

/// <summary>The process as an operator sees it: start, health, certificate, log, end.</summary>
[SupportedOSPlatform("linux")]
public sealed class ServerHostTests
{
    private const int Sigterm = 15;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SIGTERM_ends_it_with_0()
    {
        await using var server = await ServerProcess.StartAsync();

        (await server.TerminateAsync()).Should().Be(0);
    }

    [Theory]
    [InlineData("Development")]
    [InlineData("Staging")]
    [InlineData("Production")]
    [Trait("failure", "B17")]
    [Trait("failure", "C9")]
    public async Task Every_environment_starts_and_refuses_what_nobody_signed(string environment)
    {
        await using var server = await ServerProcess.StartAsync(new ServerSettings { Environment = environment });
        using var http = Trusting.Client(server.Http);

        (await http.GetAsync(new Uri("/health/live", UriKind.Relative), Cancelled)).StatusCode.Should().Be(HttpStatusCode.OK);
        (await http.GetAsync(new Uri("/ws/test", UriKind.Relative), Cancelled)).StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    [Trait("failure", "B24")]
    public async Task A_start_that_fails_says_why_in_one_line_and_ends_with_1()
    {
        await using var first = await ServerProcess.StartAsync();
        await using var second = ServerProcess.Launch(new ServerSettings { Urls = first.Http.ToString() });

        (await second.ExitAsync()).Should().Be(1);
        second.Log.Split('\n').Where(line => line.Contains("FTL", StringComparison.Ordinal))
            .Should().ContainSingle().Which.Should().Contain("address already in use");
        second.Log.Should().NotContain("   at ");
    }

    [Fact]
    public async Task Its_certificate_is_kept_over_a_restart_and_made_again_when_it_cannot_be_read()
    {
        var data = Directory.CreateTempSubdirectory("chat-backend-");
        try
        {
            var settings = new ServerSettings { Urls = "https://127.0.0.1:0", DataDirectory = data.FullName };
            var first = await ThumbprintAsync(settings);
            (await ThumbprintAsync(settings)).Should().Be(first);

            var file = Path.Combine(data.FullName, "localhost.pfx");
            File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await File.WriteAllTextAsync(file, "no certificate", Cancelled);
            (await ThumbprintAsync(settings)).Should().NotBe(first);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_log_holds_no_token_and_outside_development_is_one_json_object_a_line()
    {
        await using var server = await ServerProcess.StartAsync(new ServerSettings
        {
            Environment = "Production",
            Configuration = new Dictionary<string, string>
            {
                ["Guests:Enabled"] = "true",
                ["Serilog:MinimumLevel:Default"] = "Verbose",
                ["Serilog:MinimumLevel:Override:Microsoft.AspNetCore"] = "Verbose",
            },
        });
        using var http = Trusting.Client(server.Http);
        using var response = await http.PostAsync(new Uri("/api/guests", UriKind.Relative), content: null, Cancelled);
        var token = System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled)).RootElement.GetProperty("token").GetString()!;
        server.Signal(Sigterm);
        await server.ExitAsync();

        server.Log.Should().NotContain(token);
        server.Log.Split('\n').Should().OnlyContain(line => line.StartsWith("{\"@t\":", StringComparison.Ordinal) && line.EndsWith('}'));
    }

    private static async Task<string> ThumbprintAsync(ServerSettings settings)
    {
        await using var server = await ServerProcess.StartAsync(settings);
        X509Certificate2? seen = null;
        using var handler = Trusting.Handler();
        handler.ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
        {
            seen = X509CertificateLoader.LoadCertificate(certificate!.RawData);
            return true;
        };
        using var http = new HttpClient(handler) { BaseAddress = server.Https };
        (await http.GetAsync(new Uri("/health/live", UriKind.Relative), Cancelled)).EnsureSuccessStatusCode();
        await server.TerminateAsync();
        using (seen)
        {
            return seen!.Thumbprint;
        }
    }
}
