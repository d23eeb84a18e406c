using System.Runtime.CompilerServices;
using Anthropic;
using Anthropic.Core;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using ChatBackend.Agents;
using Microsoft.Extensions.AI;

namespace ChatBackend.Anthropic;

/// <summary>A Claude model by Anthropic's SDK, with the agent's settings, marks for the provider's cache, and failures that say whose they are.</summary>
internal sealed class AnthropicModel(IChatClient model, ModelEndpointOptions agent) : DelegatingChatClient(model)
{
    private const int DefaultMaxTokens = 8192; // the API wants a number

    /// <param name="key">Null to send none.</param>
    public static IChatClient Connect(ModelEndpointOptions agent, string? key, TimeProvider clock)
    {
        var http = new HttpClient(new AnthropicHandler(agent, key, clock)) { Timeout = Timeout.InfiniteTimeSpan };
        var client = new AnthropicClient(new ClientOptions
        {
            // Never what the SDK would find in the environment or in the home directory.
            ApiKey = key,
            AuthToken = null,
            BaseUrl = BaseOf(agent.Endpoint),
            HttpClient = http,
            MaxRetries = 0, // requests are repeated around this
            Timeout = TimeSpan.FromDays(1), // the handler has the time limits
        });
        return new AnthropicModel(client.AsIChatClient(agent.Model, agent.MaxTokens ?? agent.MaxCompletionTokens ?? DefaultMaxTokens), agent);
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var conversation = AnthropicCache.Marked([.. messages]);
        var updates = agent.Stream
            ? base.GetStreamingResponseAsync(conversation, SettingsFor(conversation, options), cancellationToken)
            : WholeAsync(conversation, SettingsFor(conversation, options), cancellationToken);
        await using var all = updates.GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await all.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (Exception ex) when (!cancellationToken.IsCancellationRequested && AnthropicErrors.Of(ex) is { } failure)
            {
                throw failure;
            }

            yield return WithRefusal(all.Current);
        }
    }

    public override Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    private async IAsyncEnumerable<ChatResponseUpdate> WholeAsync(List<ChatMessage> conversation, ChatOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var update in (await base.GetResponseAsync(conversation, options, cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    // The SDK tells a refusal as a content filter's; the API has no filter beside it.
    private static ChatResponseUpdate WithRefusal(ChatResponseUpdate update)
    {
        if (update.FinishReason == ChatFinishReason.ContentFilter)
        {
            update.FinishReason = new ChatFinishReason("refusal");
        }

        return update;
    }

    private ChatOptions SettingsFor(List<ChatMessage> conversation, ChatOptions? options)
    {
        var settings = options?.Clone() ?? new ChatOptions();
        settings.Temperature = (float?)agent.Temperature ?? settings.Temperature;
        settings.TopP = (float?)agent.TopP ?? settings.TopP;
        settings.MaxOutputTokens = agent.MaxTokens ?? agent.MaxCompletionTokens ?? settings.MaxOutputTokens;
        settings.AllowMultipleToolCalls = agent.ParallelToolCalls ?? settings.AllowMultipleToolCalls;
        settings.StopSequences = agent.Stop.Count > 0 ? [.. agent.Stop] : settings.StopSequences;
        settings.Reasoning = agent.ReasoningEffort is { } effort ? new ReasoningOptions { Effort = EffortOf(effort) } : settings.Reasoning;
        if (settings.Tools is { Count: > 0 } tools)
        {
            settings.ToolMode = agent.ToolChoice switch
            {
                null => agent.ParallelToolCalls is null ? null : ChatToolMode.Auto,
                "auto" => ChatToolMode.Auto,
                "none" => ChatToolMode.None,
                _ when conversation[^1].Role == ChatRole.Tool => null, // it was called
                "required" => ChatToolMode.RequireAny,
                var name when tools.Any(tool => tool.Name == name) => ChatToolMode.RequireSpecific(name),
                _ => null,
            };
        }

        return settings;
    }

    private static ReasoningEffort EffortOf(string word) => word switch
    {
        "none" => ReasoningEffort.None,
        "minimal" or "low" => ReasoningEffort.Low,
        "high" => ReasoningEffort.High,
        "xhigh" or "max" => ReasoningEffort.ExtraHigh,
        _ => ReasoningEffort.Medium,
    };

    // The SDK adds the version and the operation.
    private static string BaseOf(string endpoint)
    {
        var origin = new Uri(endpoint).GetLeftPart(UriPartial.Path).TrimEnd('/');
        foreach (var named in (string[])["/messages", "/v1"])
        {
            origin = origin.EndsWith(named, StringComparison.OrdinalIgnoreCase) ? origin[..^named.Length] : origin;
        }

        return origin;
    }
}
