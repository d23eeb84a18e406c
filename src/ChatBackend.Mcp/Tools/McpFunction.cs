using System.Text.Json;
using System.Text.Json.Nodes;
using ChatBackend.Agents;
using ChatBackend.Mcp.Servers;
using Microsoft.Extensions.AI;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace ChatBackend.Mcp.Tools;

/// <summary>A tool of a server, for one run. Each call uses the connection that is there then, which may not be the one of the run's start.</summary>
internal sealed class McpFunction(
    string name, ServerTool tool, McpServer server, IReadOnlyDictionary<string, string> headers, McpMetrics metrics, TimeProvider clock) : AIFunction
{
    private const int MaxError = 2000; // UTF-16 code units
    private const int MaxProgress = 1000;

    private readonly ServerSettings _settings = server.Settings;

    public override string Name => name;

    public override string Description => tool.Description;

    public override JsonElement JsonSchema => tool.Schema;

    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        var failed = true;
        try
        {
            var result = await CallAsync(arguments, cancellationToken);
            failed = false;
            return result;
        }
        finally
        {
            metrics.Called(_settings.Name, failed, clock.GetElapsedTime(began));
        }
    }

    private async Task<JsonNode> CallAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var run = (ChatRunContext)arguments.Context![typeof(ChatRunContext)]!;
        if (server.SessionOf(headers) is not { } session || await session.ConnectionAsync(cancellationToken) is not { } connection)
        {
            throw new ChatToolException($"The server {_settings.Name} of this tool is not available at the moment.");
        }

        session.Begin();
        try
        {
            var result = await connection.CallAsync(tool.Name, arguments, report => ReportAsync(run, report), cancellationToken);
            return ToolResult.Of(result, _settings) is { } json && result.IsError is not true ? json : throw new ChatToolException(ErrorOf(result));
        }
        catch (Exception ex) when (ex is not ChatToolException && !cancellationToken.IsCancellationRequested)
        {
            // A new exception: the log is not shown what the server said beyond this.
            var isOver = ServerProblem.EndsTheConnection(ex);
            if (isOver)
            {
                connection.Break(ServerProblem.Of(ex, _settings));
            }

            if (isOver || (ex is not McpProtocolException && await connection.IsGoneAsync(cancellationToken)))
            {
                throw new ChatToolException($"The server {_settings.Name} of this tool ended or could not be reached during the call; whether the call took effect is not known.");
            }

            throw new ChatToolException(ex switch
            {
                McpProtocolException => Clean($"The server {_settings.Name} refused the call: {ex.Message}"),
                McpException => $"The server {_settings.Name} did not answer the call.",
                HttpRequestException { StatusCode: { } status } => $"The server {_settings.Name} answered the call with {(int)status}.",
                JsonException or FormatException => $"The server {_settings.Name} answered with what is no result of a tool.",
                _ => $"The call of the server {_settings.Name} failed.",
            });
        }
        finally
        {
            session.End();
        }
    }

    private ValueTask ReportAsync(ChatRunContext run, ProgressNotificationParams report)
    {
        var progress = report.Progress;
        double? fraction = progress.Total is > 0 and var total && double.IsFinite(progress.Progress / total) ? Math.Clamp(progress.Progress / total, 0, 1) : null;
        var text = progress.Message is { Length: > 0 } message ? message : progress.Total is { } of ? $"{progress.Progress} of {of}" : $"{progress.Progress}";
        return run.ReportProgressAsync(ServerText.Clean(text, _settings.Mask, MaxProgress), fraction);
    }

    private string ErrorOf(CallToolResult result)
    {
        var text = string.Join('\n', result.Content.OfType<TextContentBlock>().Select(block => block.Text));
        return text.Length > 0 ? Clean(text) : $"The server {_settings.Name} says that the call failed, and not why.";
    }

    private string Clean(string text) => ServerText.Clean(text, _settings.Mask, MaxError);
}
