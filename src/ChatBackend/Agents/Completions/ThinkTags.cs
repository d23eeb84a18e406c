using Microsoft.Extensions.AI;

namespace ChatBackend.Agents.Completions;

/// <summary>
/// Tells thinking from text where a server writes both as content, the thinking between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>.
/// Only an answer that begins with the tag has thinking: in the middle of a text it is text.
/// </summary>
internal sealed class ThinkTags
{
    private const string Open = "<think>";
    private const string Close = "</think>";

    private State _state = State.Begins;
    private string _held = ""; // may be the beginning of a tag, or space that is dropped beside one

    private enum State
    {
        Begins,
        Thinks,
        Answers, // after its thinking: space before the text is dropped
        Speaks,
    }

    public IEnumerable<AIContent> Add(string piece)
    {
        var text = _held + piece;
        _held = "";
        if (_state == State.Begins)
        {
            var begin = text.TrimStart();
            if (Open.StartsWith(begin, StringComparison.Ordinal) && begin.Length < Open.Length)
            {
                _held = text;
                yield break;
            }

            (_state, text) = begin.StartsWith(Open, StringComparison.Ordinal) ? (State.Thinks, begin[Open.Length..].TrimStart('\n')) : (State.Speaks, text);
        }

        if (_state == State.Thinks)
        {
            var end = text.IndexOf(Close, StringComparison.Ordinal);
            var thought = end >= 0 ? text[..end] : text[..^HeldFor(text)];
            if (thought.Length > 0)
            {
                yield return new TextReasoningContent(thought);
            }

            if (end < 0)
            {
                _held = text[thought.Length..];
                yield break;
            }

            (_state, text) = (State.Answers, text[(end + Close.Length)..]);
        }

        if (_state == State.Answers)
        {
            text = text.TrimStart();
            _state = text.Length > 0 ? State.Speaks : State.Answers;
        }

        if (text.Length > 0)
        {
            yield return new TextContent(text);
        }
    }

    /// <summary>What was held back for a tag that did not come.</summary>
    public IEnumerable<AIContent> End()
    {
        var left = _held;
        _held = "";
        return left.Length == 0 ? [] : [_state == State.Thinks ? new TextReasoningContent(left) : new TextContent(left)];
    }

    // How much of its end may be the beginning of the closing tag.
    private static int HeldFor(string text)
    {
        for (var length = Math.Min(Close.Length - 1, text.Length); length > 0; length--)
        {
            if (Close.StartsWith(text[^length..], StringComparison.Ordinal))
            {
                return length;
            }
        }

        return 0;
    }
}
