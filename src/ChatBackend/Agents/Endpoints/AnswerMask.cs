using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Endpoints;

/// <summary>Keeps the secrets of a request out of its answer: a gateway may repeat them as if the model said them, and what a model says is stored and shown.</summary>
/// <param name="secrets">In all their forms.</param>
internal sealed class AnswerMask(IReadOnlyList<string> secrets)
{
    private readonly PieceMask _text = new(secrets);
    private readonly PieceMask _thinking = new(secrets);

    /// <summary>Changes what an update holds.</summary>
    public void Mask(ChatResponseUpdate update)
    {
        for (var i = 0; i < update.Contents.Count; i++)
        {
            switch (update.Contents[i])
            {
                case TextContent text:
                    i = Flush(update, i, _thinking.End(), "");
                    text.Text = _text.Add(text.Text);
                    break;
                case TextReasoningContent thought:
                    i = Flush(update, i, "", _text.End());
                    thought.Text = _thinking.Add(thought.Text) + (thought.ProtectedData is { Length: > 0 } ? _thinking.End() : "");
                    break;
                case ErrorContent refusal:
                    refusal.Message = SecretForms.TakeOut(secrets, refusal.Message);
                    break;
                case FunctionCallContent call:
                    i = Flush(update, i, _thinking.End(), _text.End());
                    update.Contents[i] = Masked(call);
                    break;
            }
        }

        if (update.FinishReason is not null)
        {
            Flush(update, update.Contents.Count, _thinking.End(), _text.End());
        }
    }

    /// <returns>Where the content is then that stood at the place.</returns>
    private static int Flush(ChatResponseUpdate update, int at, string thinking, string text)
    {
        if (thinking.Length > 0)
        {
            update.Contents.Insert(at++, new TextReasoningContent(thinking));
        }

        if (text.Length > 0)
        {
            update.Contents.Insert(at++, new TextContent(text));
        }

        return at;
    }

    private FunctionCallContent Masked(FunctionCallContent call)
    {
        var arguments = call.Arguments is null ? null : JsonSerializer.Serialize(call.Arguments, AIJsonUtilities.DefaultOptions);
        if (!secrets.Any(secret => call.CallId.Contains(secret, StringComparison.Ordinal) || call.Name.Contains(secret, StringComparison.Ordinal) || arguments?.Contains(secret, StringComparison.Ordinal) is true))
        {
            return call;
        }

        return new FunctionCallContent(
            SecretForms.TakeOut(secrets, call.CallId), SecretForms.TakeOut(secrets, call.Name),
            arguments is null ? null : JsonSerializer.Deserialize<Dictionary<string, object?>>(SecretForms.TakeOut(secrets, arguments), AIJsonUtilities.DefaultOptions))
        {
            Exception = call.Exception,
        };
    }
}
