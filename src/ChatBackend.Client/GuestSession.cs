using System.Net.Http.Headers;
using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>A new guest of the server.</summary>
/// <param name="Token">For <see cref="ChatConnectionOptions.Token"/>. A secret: never in a URL or a log.</param>
/// <param name="ExpiresAt">When the token ceases to be valid, by the server's clock.</param>
public sealed record GuestSession(UserId UserId, string Token, DateTimeOffset ExpiresAt)
{
    /// <summary>Asks for a new guest: <c>POST /api/guests</c>.</summary>
    /// <param name="http">Its <see cref="HttpClient.BaseAddress"/> is the server's.</param>
    /// <exception cref="HttpRequestException">The server could not be reached or refused, with its status.</exception>
    /// <exception cref="JsonException">The answer is not a guest.</exception>
    public static async Task<GuestSession> CreateAsync(HttpClient http, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(http);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("api/guests", UriKind.Relative));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using var response = await http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return Read(await response.Content.ReadAsByteArrayAsync(cancellationToken));
    }

    /// <summary>The guest of an earlier start, kept in a file; a new one, which is kept there, when there is none or the token has expired. A program that creates a new guest at each start loses the threads of the last one.</summary>
    /// <param name="file">Holds the token, and is readable to its owner only where the system knows such rights.</param>
    /// <exception cref="HttpRequestException">A new guest was needed, and the server could not be reached or refused.</exception>
    /// <exception cref="JsonException">The file, or the server's answer, is not a guest.</exception>
    public static async Task<GuestSession> OpenAsync(HttpClient http, string file, CancellationToken cancellationToken = default)
    {
        if (File.Exists(file) && Read(await File.ReadAllBytesAsync(file, cancellationToken)) is { } kept && kept.ExpiresAt > TimeProvider.System.GetUtcNow())
        {
            return kept;
        }

        var guest = await CreateAsync(http, cancellationToken);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (var written = new FileStream($"{file}.new", options))
        await using (var json = new Utf8JsonWriter(written))
        {
            json.WriteStartObject();
            json.WriteString("user_id", guest.UserId.Value);
            json.WriteString("token", guest.Token);
            json.WriteString("expires_at", guest.ExpiresAt);
            json.WriteEndObject();
        }

        File.Move($"{file}.new", file, overwrite: true); // whole or not at all
        return guest;
    }

    /// <summary>Without the token, so that printing a guest betrays nothing.</summary>
    public override string ToString() => $"{UserId} until {ExpiresAt:O}";

    private static GuestSession Read(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        try
        {
            var guest = document.RootElement;
            return new GuestSession(
                new UserId(guest.GetProperty("user_id").GetString()!),
                guest.GetProperty("token").GetString()!,
                guest.GetProperty("expires_at").GetDateTimeOffset());
        }
        catch (Exception ex) when (ex is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new JsonException("The file does not hold a guest.", ex);
        }
    }
}
