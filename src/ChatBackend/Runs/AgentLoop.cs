using System.Diagnostics;
using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Runs.History;
using ChatBackend.Telemetry;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>Model step, its tools, the next model step … until one asks for no tool or the budget is spent.</summary>
internal sealed class AgentLoop(Agent agent, AnsweringModel model, IRunSink sink, ToolInvoker tools, RunUsage usage, RunOptions options)
{
    private const string Refusal = "Refusal"; // the code by which clients of Microsoft.Extensions.AI mark it

    private readonly int _maxSteps = agent.Limits.MaxSteps ?? options.MaxSteps;
    private readonly int _maxOutputCharacters = agent.Limits.MaxOutputCharacters ?? options.MaxOutputCharacters;
    private int _said;

    /// <param name="resumes">Calls that were asked for in an earlier process; they are in the conversation.</param>
    public async Task<RunOutcome> RunAsync(List<ChatMessage> conversation, IReadOnlyList<ApprovalRequired> resumes, CancellationToken cancellationToken)
    {
        if (resumes.Count > 0)
        {
            conversation.Add(new ChatMessage(ChatRole.Tool, await tools.ResumeAsync(resumes, conversation, cancellationToken)));
        }

        await TakeSteeringMessagesAsync(conversation, cancellationToken);
        for (var step = 0; step < _maxSteps; step++)
        {
            using var span = ChatTraces.StartStep(step + 1);
            var answer = new StepAnswer(() => model.Source, options.MaxToolBytes);
            if (await StepAsync(conversation, answer, cancellationToken) is not { } finish)
            {
                return new RunOutcome.Stopped(StopReason.Budget);
            }

            var turn = answer.Calls.Count > 0 ? Turn.Of(conversation) : null;
            conversation.Add(answer.Message);
            if (turn is not null)
            {
                await sink.CompletePartAsync(cancellationToken);
                conversation.Add(new ChatMessage(ChatRole.Tool, await tools.CallAsync(answer.Calls, turn, cancellationToken)));
                if (tools.End is { } end)
                {
                    return end;
                }
            }

            if (!await TakeSteeringMessagesAsync(conversation, cancellationToken) && answer.Calls.Count == 0)
            {
                return new RunOutcome.Completed(finish);
            }
        }

        return new RunOutcome.Stopped(StopReason.Budget);
    }

    /// <summary>Messages that were sent to enter this run are what its next step answers.</summary>
    private async Task<bool> TakeSteeringMessagesAsync(List<ChatMessage> conversation, CancellationToken cancellationToken)
    {
        var taken = await sink.TakeSteeredAsync(cancellationToken);
        conversation.AddRange(taken.Select(Turn.MessageEntering));
        return taken.Count > 0;
    }

    /// <summary>What is refused for its length, before the first word, is asked once more with less.</summary>
    /// <returns>How the answer ended; null when the run has said all it may.</returns>
    private async Task<AnswerFinish?> StepAsync(List<ChatMessage> conversation, StepAnswer answer, CancellationToken cancellationToken)
    {
        var request = new ChatOptions { Tools = [.. agent.Tools] };
        try
        {
            return await AskAsync(conversation, request, answer, cancellationToken);
        }
        catch (Exception ex) when (answer.IsEmpty && ContextRefusal.Of(ex) is { } refusal)
        {
            if (!model.Learn(refusal, conversation, request))
            {
                throw;
            }
        }

        return await AskAsync(conversation, request, answer, cancellationToken);
    }

    private async Task<AnswerFinish?> AskAsync(List<ChatMessage> conversation, ChatOptions request, StepAnswer answer, CancellationToken cancellationToken)
    {
        using var span = RunSpans.StartModelCall(model.Answering);
        try
        {
            var finish = await AnswerAsync(conversation, request, answer, span, cancellationToken);
            span.WithContent(options)?.AddAnswer(answer.Message);
            return finish;
        }
        catch (Exception ex)
        {
            span?.Fail(ex);
            throw;
        }
    }

    private async Task<AnswerFinish?> AnswerAsync(List<ChatMessage> conversation, ChatOptions request, StepAnswer answer, Activity? span, CancellationToken cancellationToken)
    {
        Keep(null);
        ChatFinishReason? finished = null;
        await foreach (var update in await model.AskAsync(conversation, request, span.WithContent(options), cancellationToken))
        {
            span?.Add(update);
            finished = update.FinishReason ?? finished;
            foreach (var content in update.Contents)
            {
                if (!await AddAsync(content, answer, cancellationToken))
                {
                    return null;
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
        }

        if (answer.IsKeptWhole)
        {
            Keep(answer);
        }

        // A stream that just ends was cut: half an answer must not pass for a whole one.
        return finished is { } reason
            ? FinishOf(reason, answer)
            : throw new HttpIOException(HttpRequestError.ResponseEnded, "The model's answer was cut off.");
    }

    /// <summary>For the runs to come: an agent that is shown no history has no use for it.</summary>
    private void Keep(StepAnswer? answer)
    {
        if (agent.IsShownHistory)
        {
            sink.Keep(answer?.Record);
        }
    }

    /// <returns>False when the run has said all it may.</returns>
    private async ValueTask<bool> AddAsync(AIContent content, StepAnswer answer, CancellationToken cancellationToken)
    {
        switch (content)
        {
            case TextReasoningContent thought:
                if (answer.Add(thought))
                {
                    Keep(answer);
                }

                return thought.Text.Length == 0 || await SayAsync(PartKind.Thinking, thought.Text, cancellationToken);
            case TextContent { Text.Length: > 0 } text:
                answer.Add(text.Text);
                return await SayAsync(PartKind.Text, text.Text, cancellationToken);
            case ErrorContent { ErrorCode: Refusal, Message.Length: > 0 } refusal:
                answer.IsRefused = true;
                answer.Add(refusal.Message);
                return await SayAsync(PartKind.Text, refusal.Message, cancellationToken);
            case FunctionCallContent call:
                answer.Add(call);
                return true;
            case UsageContent counted:
                usage.Add(counted.Details, model.Answering.Price);
                model.Count(counted.Details);
                return true;
            default:
                return true; // images, citations and empty updates are not shown
        }
    }

    private static AnswerFinish FinishOf(ChatFinishReason reason, StepAnswer answer) =>
        answer.IsRefused || reason.Value.Equals(Refusal, StringComparison.OrdinalIgnoreCase) ? AnswerFinish.Refusal
        : reason == ChatFinishReason.Length ? AnswerFinish.Length
        : reason == ChatFinishReason.ContentFilter ? AnswerFinish.ContentFilter
        : answer.SaysNothing ? AnswerFinish.Empty
        : AnswerFinish.Complete;

    /// <summary>Publishes and stores no more than the run may still say.</summary>
    /// <returns>False when that was not all.</returns>
    private async ValueTask<bool> SayAsync(PartKind kind, string text, CancellationToken cancellationToken)
    {
        var room = _maxOutputCharacters - _said;
        if (text.Length > room)
        {
            text = text[..(room > 0 && char.IsHighSurrogate(text[room - 1]) ? room - 1 : room)];
            _said = _maxOutputCharacters;
            if (text.Length > 0)
            {
                await sink.WriteTextAsync(kind, text, cancellationToken);
            }

            return false;
        }

        await sink.WriteTextAsync(kind, text, cancellationToken);
        _said += text.Length;
        return true;
    }
}
