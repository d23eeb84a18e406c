using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json;
using ChatBackend.Protocol;
using ChatBackend.Tests.Client;
using ChatBackend.Tests.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Shop;

namespace ChatBackend.Tests.Hosting;

/// <summary>
/// The application of samples/Host behind a real socket, with what applications have of their own: a cookie sign-in, Data Protection with a
/// name and keys, an OpenAPI document, a clock, a time to shut down, and here a health check too. The chat backend comes into it as README says.
/// </summary>
internal sealed class SampleHost : IAsyncDisposable
{
    private readonly DirectoryInfo _directory;
    private readonly bool _ownsDirectory;

    private SampleHost(DirectoryInfo directory, bool ownsDirectory, WebApplication app)
    {
        (_directory, _ownsDirectory, App) = (directory, ownsDirectory, app);
        Address = new Uri(app.Urls.First());
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    public static string KeysOf(DirectoryInfo directory) => Path.Combine(directory.FullName, "host-keys");

    public static string ChatKeysOf(DirectoryInfo directory) => Path.Combine(directory.FullName, "chat", "keys");

    /// <param name="directory">Of an earlier one; else one that goes with this.</param>
    public static async Task<SampleHost> StartAsync(
        DirectoryInfo? directory = null, Action<WebApplicationBuilder>? configure = null, Action<WebApplication>? map = null, TimeProvider? clock = null)
    {
        var place = directory ?? Directory.CreateTempSubdirectory("sample-host-");
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = place.FullName });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DataDirectory"] = Path.Combine(place.FullName, "chat"),
            ["Agents:Script:Enabled"] = "true",
            ["Threads:AutoTitle"] = "false",
            ["Connections:DrainGrace"] = "00:00:00",
            ["Runs:DrainBound"] = "00:00:00",
        });
        builder.AddShop(clock ?? new ShiftedTime());
        builder.Services.AddHealthChecks().AddCheck("readiness", () => new(Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy), tags: ["ready"]);
        configure?.Invoke(builder);

        var app = builder.Build();
        app.MapShop();
        map?.Invoke(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new SampleHost(place, directory is null, app);
    }

    /// <summary>The cookie of a user who signs in at the application.</summary>
    public async Task<string> SignInAsync(string user)
    {
        using var response = await SendAsync(HttpMethod.Post, $"/sign-in/{user}");
        return response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var handler = new HttpClientHandler { UseCookies = false };
        using var http = new HttpClient(handler) { BaseAddress = Address };
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await http.SendAsync(request, TestContext.Current.CancellationToken).Soon();
    }

    public async Task<JsonElement> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(HttpMethod.Get, path, headers);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.StatusCode.Should().Be(HttpStatusCode.OK, body);
        return JsonDocument.Parse(body).RootElement;
    }

    public async Task<RawSocket> ConnectAsync(string path, params (string Name, string Value)[] headers)
    {
        var socket = Socket(headers);
        await socket.ConnectAsync(WebSocket(path), CancellationToken.None).Soon();
        return new RawSocket(socket);
    }

    /// <summary>The status that an upgrade is refused with.</summary>
    public async Task<HttpStatusCode> RefusalAsync(string path, params (string Name, string Value)[] headers)
    {
        using var socket = Socket(headers);
        await FluentActions.Awaiting(() => socket.ConnectAsync(WebSocket(path), CancellationToken.None).Soon()).Should().ThrowAsync<WebSocketException>();
        return socket.HttpStatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        if (_ownsDirectory)
        {
            _directory.Delete(recursive: true);
        }
    }

    private static ClientWebSocket Socket((string Name, string Value)[] headers)
    {
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.AddSubProtocol(ChatProtocol.Name);
        foreach (var (name, value) in headers)
        {
            socket.Options.SetRequestHeader(name, value);
        }

        return socket;
    }

    private Uri WebSocket(string path) => new UriBuilder(new Uri(Address, path)) { Scheme = "ws" }.Uri;
}
