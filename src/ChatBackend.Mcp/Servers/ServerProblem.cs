using System.ComponentModel;
using System.Net;
using ChatBackend.Mcp.Transport;
using ModelContextProtocol;
using ModelContextProtocol.Client;

namespace ChatBackend.Mcp.Servers;

/// <summary>What is wrong with a server, in a sentence for the operator's log: without secrets, and with little of what it said.</summary>
internal static class ServerProblem
{
    private const int MaxLength = 300;

    public static string Of(Exception ex, ServerSettings server)
    {
        var text = ex switch
        {
            OperationCanceledException or TimeoutException => "It did not answer in time.",
            Win32Exception => $"The program cannot be started: {ex.Message}",
            HttpRequestException { StatusCode: { } status } => $"It answered {(int)status}: {ex.Message}",
            HttpRequestException => $"It cannot be reached: {ex.Message}",
            MessageTooLargeException => ex.Message,
            ClientTransportClosedException { Details.Exception: { } inner } when inner != ex => Of(inner, server),
            McpException => $"It answered with an error: {ex.Message}",
            _ when ex.InnerException is MessageTooLargeException inner => inner.Message,
            IOException => "The connection broke off.",
            _ => $"{ex.GetType().Name}: {ex.Message}",
        };
        return ServerText.Clean(string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), server.Mask, MaxLength);
    }

    /// <summary>The server is not there any more, or does not know this session: another attempt needs another connection.</summary>
    public static bool EndsTheConnection(Exception ex) =>
        ex is HttpRequestException { StatusCode: null or HttpStatusCode.NotFound or HttpStatusCode.BadRequest } or IOException or ObjectDisposedException or ClientTransportClosedException;
}
