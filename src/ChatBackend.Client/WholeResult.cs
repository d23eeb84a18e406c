using System.Net.Http.Headers;
using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Client;

/// <summary>A tool's result that was too large for its event: <c>GET /api/threads/{thread_id}/tool_results/{call_id}</c>.</summary>
internal static class WholeResult
{
    public static async Task<JsonElement> ReadAsync(HttpClient http, string token, ToolCompleted completed, CancellationToken cancellationToken)
    {
        var path = $"api/threads/{Uri.EscapeDataString(completed.ThreadId.Value)}/tool_results/{Uri.EscapeDataString(completed.CallId.Value)}";
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var json = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), default, cancellationToken);
        return json.RootElement.Clone();
    }
}
