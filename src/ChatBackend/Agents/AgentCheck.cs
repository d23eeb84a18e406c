using System.Globalization;
using ChatBackend.Agents.Endpoints;
using ChatBackend.Agents.Script;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents;

/// <summary>Asks the model of every agent one small thing, as a run would, and says what it got.</summary>
internal sealed class AgentCheck(AgentCatalog agents, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private const int MaxShown = 60; // characters of an answer

    /// <summary>All at once; the results in the order of the agents.</summary>
    public async Task<IReadOnlyList<AgentCheckResult>> RunAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(agents.Names.Select(name => CheckAsync(agents.Find(name)!, cancellationToken)));

    private async Task<AgentCheckResult> CheckAsync(Agent agent, CancellationToken cancellationToken)
    {
        if (agent.Model is ScriptModel)
        {
            return new AgentCheckResult(agent.Name, Works: true, "no model: plays what a message says, for tests");
        }

        using var time = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, time.Token);
        var began = clock.GetTimestamp();
        try
        {
            var updates = await agent.Model.GetStreamingResponseAsync(Question(agent), new ChatOptions { Tools = [.. agent.Tools] }, either.Token).ToListAsync(either.Token);
            var answer = updates.ToChatResponse();
            return answer.FinishReason is null
                ? Result(works: false, "its answer was cut off")
                : Result(works: true, $"{What(answer)}{Counts(answer.Usage)}");
        }
        catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
        {
            return Result(works: false, time.IsCancellationRequested ? "it did not answer" : Reason(ex));
        }

        AgentCheckResult Result(bool works, string what) => new(
            agent.Name, works, string.Create(CultureInfo.InvariantCulture, $"{clock.GetElapsedTime(began).TotalSeconds:0.00} s, {Where(agent.Model)}{what}"));
    }

    private static List<ChatMessage> Question(Agent agent) =>
    [
        .. agent.Instructions is { Length: > 0 } instructions ? [new ChatMessage(ChatRole.System, instructions)] : Array.Empty<ChatMessage>(),
        new(ChatRole.User, "Answer with the word OK."),
    ];

    private static string Where(IChatClient model) => model.GetService<ChatClientMetadata>() is { DefaultModelId: { } name } metadata
        ? $"{name} at {metadata.ProviderUri?.GetLeftPart(UriPartial.Path)}: "
        : "";

    private static string What(ChatResponse answer) => (answer.Text, answer.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().FirstOrDefault()) switch
    {
        ({ Length: > 0 } text, _) => $"\"{Redactor.WithoutKeys(Excerpt.Of(text, MaxShown))}\"",
        (_, { } call) => $"wants to call {call.Name}",
        _ => "an empty answer",
    };

    private static string Counts(UsageDetails? usage) => usage is { InputTokenCount: { } input, OutputTokenCount: { } output } ? $", {input} tokens in, {output} out" : "";

    // What endpoints throw is redacted already; of a client of an application's own nothing is known.
    private static string Reason(Exception thrown) => thrown is ModelException known
        ? $"{known.Kind}: {known.Message}"
        : $"{ModelFailure.Classify(thrown).Code}: {thrown.GetType().Name}: {Redactor.WithoutKeys(Excerpt.Of(thrown.Message, 200))}";
}

/// <param name="What">In one line: how long it took, and what came or why nothing did.</param>
internal sealed record AgentCheckResult(string Agent, bool Works, string What);
