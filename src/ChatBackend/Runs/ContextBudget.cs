using ChatBackend.Agents;
using ChatBackend.Protocol;
using ChatBackend.Runs.History;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs;

/// <summary>
/// What of a run's conversation has room in the context window of a model. Instructions and the question always stay. Of large results the begin and the end stay; the oldest
/// exchanges leave, each with all its calls and results. What leaves makes room for many turns, so that what is sent has one beginning for as long, and does not come back in
/// the run; the thread keeps it (<see cref="AgentContextTrimmed"/>), so that later runs are shown no more. In the place of what left an agent that sums up is shown its summary.
/// </summary>
/// <param name="agent">The one whose model is asked.</param>
/// <param name="from">The oldest message that is to be shown; null for no bound but the room.</param>
internal sealed class ContextBudget(Agent agent, IRunSink sink, Summarizer summarizer, MessageId? from)
{
    private const int LeastResult = 200; // characters
    private const double Kept = 0.7; // of the room, when exchanges leave
    private const double Enough = 0.85; // of the room: so little is left by shorter results that no exchange has to leave yet
    private const int MostOfSummary = 4; // the part of the room that an earlier one may have

    private readonly HashSet<FunctionResultContent> _shortened = new(ReferenceEqualityComparer.Instance); // not told yet
    private readonly HashSet<FunctionResultContent> _told = new(ReferenceEqualityComparer.Instance);
    private int _from; // messages before it have left, but for those of the system
    private int _earlier; // results before it are of exchanges that were over when the window was full
    private int _mostOfOwn = int.MaxValue; // characters of a result of the run's own exchange
    private int _left; // exchanges, not told yet
    private int _toldFrom; // messages before it have left, and that was told
    private SummaryMessage? _summary; // that was made in this run
    private bool _isTrimmed;
    private long _toolBytes = -1;
    private long _asked; // bytes
    private long _counted; // tokens

    /// <summary>The messages that there is room for. What leaves with that is durably told before.</summary>
    /// <exception cref="RunLostException"/>
    public async ValueTask<IReadOnlyList<ChatMessage>> FitAsync(IReadOnlyList<ChatMessage> conversation, ChatOptions request, CancellationToken cancellationToken)
    {
        if (agent.ToolFor is not null || (agent.Window.Tokens is null && from is null))
        {
            return conversation; // only a script has no need of it
        }

        var shown = Fit(conversation, request);
        _shortened.ExceptWith(_told);
        if (_left > 0 || _shortened.Count > 0)
        {
            var first = _isTrimmed ? conversation.Skip(_from).OfType<QuestionMessage>().FirstOrDefault()?.Id : null;
            var summary = _left > 0 && agent.Summarizes ? await SummarizeAsync(conversation, cancellationToken) : null;
            var trimmed = new AgentContextTrimmed { RunId = default, Agent = agent.Name, FromMessageId = first, Exchanges = _left, Results = _shortened.Count, Summary = summary };
            await sink.TrimContextAsync(trimmed, cancellationToken);
            (_left, _isTrimmed, _toldFrom) = (0, false, _from);
            _told.UnionWith(_shortened);
            if (summary is not null)
            {
                _summary = new SummaryMessage(summary);
                shown = Shown(conversation, Places.In(conversation));
                _asked = SizeOf(shown, request);
            }
        }

        return shown;
    }

    /// <summary>The model counted so many tokens in what it was shown last, more than before.</summary>
    public void Count(long tokens)
    {
        if (tokens > 0)
        {
            _counted += tokens;
            agent.Window.Counted(_asked, _counted);
        }
    }

    /// <summary>The model refused what it was shown last for its length.</summary>
    /// <returns>Whether it will be shown less.</returns>
    public bool Learn(ContextRefusal refusal, IReadOnlyList<ChatMessage> conversation, ChatOptions request)
    {
        var before = _asked > 0 ? _asked : SizeOf(Shown(conversation, Places.In(conversation)), request);
        agent.Window.Refused(refusal, before);
        Fit(conversation, request);
        return _asked < before;
    }

    /// <summary>Sums up what leaves, and what had left before.</summary>
    private Task<string?> SummarizeAsync(IReadOnlyList<ChatMessage> conversation, CancellationToken cancellationToken)
    {
        var head = Places.In(conversation).Head;
        var earlier = _summary ?? conversation.Take(head).OfType<SummaryMessage>().FirstOrDefault();
        var begin = Math.Max(_toldFrom, head);
        var leaving = conversation.Skip(begin).Take(_from - begin).Select(message => ShownResult.AtMost(ShownResult.OfEarlier, message));
        return summarizer.SummarizeAsync(agent, earlier?.Summary, leaving, agent.Window.Room is { } room ? room - _asked : long.MaxValue, cancellationToken);
    }

    private List<ChatMessage> Fit(IReadOnlyList<ChatMessage> conversation, ChatOptions request)
    {
        var places = Places.In(conversation);
        var shown = Shown(conversation, places);
        var size = SizeOf(shown, request);
        var room = agent.Window.Room ?? long.MaxValue;
        var begin = BeginIn(conversation);
        var isToLeave = begin > Math.Max(_from, places.Head);
        if (size > room || isToLeave)
        {
            _earlier = places.Question;
            shown = Shown(conversation, places);
            size = SizeOf(shown, request);
            _isTrimmed = true;
            if (size > room * Enough || isToLeave)
            {
                Leave(conversation, places, begin, size - (long)(room * Kept));
                shown = Shown(conversation, places);
                size = SizeOf(shown, request);
            }

            var kept = agent.Summarizes && _left > 0 ? room - (room / Summarizer.ShareOfRoom) : room;
            for (; size > kept && _mostOfOwn > LeastResult; size = SizeOf(shown, request))
            {
                _mostOfOwn = Math.Max(Math.Min(_mostOfOwn, Largest()) / 2, LeastResult);
                shown = Shown(conversation, places);
            }
        }

        (_asked, _counted) = (size, 0);
        return shown;
    }

    /// <summary>Where the message stands that is to be the oldest; 0 where it does not, or none is.</summary>
    private int BeginIn(IReadOnlyList<ChatMessage> conversation)
    {
        var at = from is null ? 0 : conversation.Count - 1;
        while (at > 0 && (conversation[at] as QuestionMessage)?.Id != from)
        {
            at--;
        }

        return at;
    }

    /// <summary>Lets the oldest exchanges go, until the place is reached and so many bytes have left, or only the run's own is there.</summary>
    private void Leave(IReadOnlyList<ChatMessage> conversation, Places places, int begin, long bytes)
    {
        var at = Math.Max(_from, places.Head);
        while ((bytes > 0 || at < begin) && at < places.Question)
        {
            do
            {
                bytes -= ContextSize.Of(ShownOf(conversation, at++, places));
            }
            while (at < places.Question && !IsQuestion(conversation[at]));

            (_from, _left) = (at, _left + 1);
        }
    }

    private List<ChatMessage> Shown(IReadOnlyList<ChatMessage> conversation, Places places)
    {
        _shortened.Clear();
        var shown = new List<ChatMessage>(conversation.Count);
        for (var i = 0; i < conversation.Count; i++)
        {
            if (i == places.Head && _summary is not null)
            {
                shown.Add(_summary);
            }

            if (i < places.Head ? conversation[i] is not SummaryMessage earlier || IsShown(earlier) : i >= _from)
            {
                shown.Add(ShownOf(conversation, i, places));
            }
        }

        return shown;
    }

    /// <summary>Another one stands in its place; or it was made for a larger window, and what is said now comes first.</summary>
    private bool IsShown(SummaryMessage earlier) => _summary is null && (agent.Window.Room is not { } room || ContextSize.Of(earlier) <= room / MostOfSummary);

    private ChatMessage ShownOf(IReadOnlyList<ChatMessage> conversation, int at, Places places) =>
        at >= places.Question ? ShownResult.AtMost(Math.Min(_mostOfOwn, Largest()), conversation[at], _shortened)
        : at >= _earlier ? ShownResult.AtMost(Largest(), conversation[at]) // as in its own run
        : ShownResult.AtMost(ShownResult.OfEarlier, conversation[at], _shortened);

    /// <summary>A result that takes an eighth of the window, in English, is shown in part from the beginning, so that no later turn sees another one. It depends on no count.</summary>
    private int Largest() => Math.Max(agent.Window.Tokens is { } all ? all / 2 : int.MaxValue, ShownResult.OfEarlier);

    private long SizeOf(List<ChatMessage> shown, ChatOptions request)
    {
        _toolBytes = _toolBytes < 0 ? ContextSize.Of(request.Tools ?? []) : _toolBytes;
        return shown.Sum(message => ContextSize.Of(message)) + _toolBytes;
    }

    private static bool IsQuestion(ChatMessage message) => message.Role == ChatRole.User && !Turn.IsEntering(message);

    /// <param name="Head">Where the messages of the system end, and a summary.</param>
    /// <param name="Question">Where the run's own exchange begins.</param>
    private readonly record struct Places(int Head, int Question)
    {
        public static Places In(IReadOnlyList<ChatMessage> conversation)
        {
            var (head, question) = (0, conversation.Count - 1);
            while (head < conversation.Count && (conversation[head].Role == ChatRole.System || conversation[head] is SummaryMessage))
            {
                head++;
            }

            while (question > head && !IsQuestion(conversation[question]))
            {
                question--;
            }

            return new Places(head, Math.Max(question, head));
        }
    }
}
