using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs.History;

/// <summary>The message that an answer is to the model that gave it: the same in its own run and in every later one. What another model may see of it, <see cref="ModelConversation"/> decides.</summary>
internal static class StepMessage
{
    private const string Source = "chat_backend.source";

    /// <summary>The model that gave the answer; null where no record says which.</summary>
    public static string? SourceOf(ChatMessage message) => message.AdditionalProperties?.TryGetValue(Source, out var source) is true ? source as string : null;

    /// <param name="record">Null where the answer was text alone.</param>
    public static ChatMessage Of(StepRecord? record, string text, string thinking)
    {
        var message = new ChatMessage(ChatRole.Assistant, []);
        var (texts, thoughts) = (new Rest(text), new Rest(thinking));
        if (record is not null)
        {
            message.AdditionalProperties = new AdditionalPropertiesDictionary { [Source] = record.Source };
            for (var i = 0; i < record.Pieces.Count; i++)
            {
                var piece = record.Pieces[i];
                var isLast = !record.Pieces.Skip(i + 1).Any(later => later.Kind == piece.Kind);
                switch (piece.Kind)
                {
                    case StepPieceKind.Text:
                        AddText(texts.Next(piece.Length, isLast));
                        break;
                    case StepPieceKind.Thinking:
                        message.Contents.Add(new TextReasoningContent(thoughts.Next(piece.Length, isLast)) { ProtectedData = piece.Protected, AdditionalProperties = DataOf(piece) });
                        break;
                    case StepPieceKind.Call:
                        AddText(texts.Next(0, isLast: true)); // said after the record was made, which had no text yet
                        message.Contents.Add(Call(piece));
                        break;
                }
            }
        }

        AddText(texts.Next(0, isLast: true));
        return message;

        void AddText(string said)
        {
            if (said.Length > 0)
            {
                message.Contents.Add(new TextContent(said));
            }
        }
    }

    private static FunctionCallContent Call(StepPiece piece)
    {
        var own = new CallId(piece.Call!);
        var arguments = piece.Arguments!.Value.EnumerateObject().ToDictionary(argument => argument.Name, argument => (object?)argument.Value);
        var call = new FunctionCallContent(piece.Id ?? CallIds.ForAnyModel(own), piece.Tool ?? "", arguments) { AdditionalProperties = DataOf(piece) };
        CallIds.Name(call, own);
        return call;
    }

    private static AdditionalPropertiesDictionary? DataOf(StepPiece piece) =>
        piece.Data is { } data ? new AdditionalPropertiesDictionary(data.Select(member => KeyValuePair.Create(member.Key, (object?)member.Value))) : null;

    private sealed class Rest(string text)
    {
        private int _at;

        public string Next(int length, bool isLast)
        {
            var begin = _at;
            _at = isLast ? text.Length : Math.Min(text.Length, begin + length);
            return text[begin.._at];
        }
    }
}
