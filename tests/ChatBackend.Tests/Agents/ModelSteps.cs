using ChatBackend.Agents;
using Microsoft.Extensions.AI;

namespace ChatBackend.Tests.Agents;

/// <summary>Plays one message through an agent's model and tools as a run does, and keeps the updates of each model step.</summary>
internal static class ModelSteps
{
    public static async Task<List<List<ChatResponseUpdate>>> AnswerAsync(
        this Agent agent, string message, CancellationToken cancellationToken, IServiceProvider? services = null)
    {
        var conversation = new List<ChatMessage> { new(ChatRole.User, message) };
        var steps = new List<List<ChatResponseUpdate>>();
        while (true)
        {
            var updates = await agent.Model.StepAsync(conversation, cancellationToken);
            steps.Add(updates);
            if (updates.Call() is not { } call)
            {
                return steps;
            }

            var turn = Turn.Of(conversation);
            conversation.Add(new ChatMessage(ChatRole.Assistant, [call]));
            conversation.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, await ResultAsync(agent, call, turn, services, cancellationToken))]));
        }
    }

    public static async Task<List<ChatResponseUpdate>> StepAsync(this IChatClient model, List<ChatMessage> conversation, CancellationToken cancellationToken, ChatOptions? options = null) =>
        await model.GetStreamingResponseAsync(conversation, options, cancellationToken).ToListAsync(cancellationToken);

    /// <summary>Says hi to it, once.</summary>
    public static async Task<List<ChatResponseUpdate>> AskAsync(this IChatClient model)
    {
        using (model)
        {
            return await model.StepAsync([new(ChatRole.User, "Hi")], TestContext.Current.CancellationToken);
        }
    }

    public static async Task<ModelException> FailureAsync(this IChatClient model) =>
        (await Record.ExceptionAsync(() => model.AskAsync())).Should().BeOfType<ModelException>().Subject;

    public static FunctionCallContent? Call(this IEnumerable<ChatResponseUpdate> updates) =>
        updates.SelectMany(update => update.Contents).OfType<FunctionCallContent>().SingleOrDefault();

    public static List<string> Pieces(this IEnumerable<ChatResponseUpdate> updates) =>
        [.. updates.SelectMany(update => update.Contents).OfType<TextContent>().Select(text => text.Text)];

    public static string Text(this IEnumerable<ChatResponseUpdate> updates) => string.Concat(updates.Pieces());

    private static async Task<object?> ResultAsync(Agent agent, FunctionCallContent call, Turn turn, IServiceProvider? services, CancellationToken cancellationToken)
    {
        try
        {
            return await agent.FindTool(call, turn)!.InvokeAsync(new AIFunctionArguments(call.Arguments) { Services = services }, cancellationToken);
        }
        catch (ChatToolException ex)
        {
            return new { error = ex.Message };
        }
    }
}
