namespace ChatBackend.Protocol;

/// <summary>
/// Which messages of a thread are on its active path: a fold over its events, of which only <see cref="ThreadRewound"/> and <see cref="BranchSelected"/> count. Of any message the last of
/// them that reaches back to before it decides, so that neighbouring events up to the newest are enough to tell it of the messages among them. Not thread-safe.
/// </summary>
public sealed class ActivePath
{
    private readonly List<MessageSpan> _replaced = [];

    /// <summary>Where the messages stand that are not on the path; in order, apart from one another. Grows with the places at which the path left others behind.</summary>
    public IReadOnlyList<MessageSpan> Replaced => _replaced;

    /// <summary>The <c>seq</c> of the last event that changed the path; 0 before the first.</summary>
    public long Seq { get; private set; }

    /// <summary>Adds the next event of the thread.</summary>
    /// <returns>Whether it is one that changes the path.</returns>
    public bool Apply(ThreadEvent threadEvent)
    {
        switch (threadEvent)
        {
            case ThreadRewound rewound:
                Apply(rewound.ToSeq, [], rewound.Seq);
                return true;
            case BranchSelected branch:
                Apply(branch.ToSeq, branch.Restored, branch.Seq);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Whether a message with this <c>seq</c> is on the path.</summary>
    public bool Contains(long seq)
    {
        var (low, high) = (0, _replaced.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _replaced[middle].BeforeSeq <= seq ? (middle + 1, high) : (low, middle);
        }

        return low == _replaced.Count || !_replaced[low].Holds(seq);
    }

    /// <summary>The path as it is now; what is added to the one does not change the other.</summary>
    public ActivePath Copy()
    {
        var copy = new ActivePath { Seq = Seq };
        copy._replaced.AddRange(_replaced);
        return copy;
    }

    private void Apply(long toSeq, IReadOnlyList<MessageSpan> restored, long seq)
    {
        Seq = seq;
        var after = toSeq;
        for (; _replaced is [.., var last] && last.BeforeSeq > after; _replaced.RemoveAt(_replaced.Count - 1))
        {
            after = Math.Min(after, last.AfterSeq); // what was replaced before toSeq stays so
        }

        foreach (var span in restored)
        {
            Add(after, span.AfterSeq + 1);
            after = span.BeforeSeq - 1;
        }

        Add(after, seq);
    }

    private void Add(long after, long before)
    {
        if (before - after > 1)
        {
            _replaced.Add(new MessageSpan { AfterSeq = after, BeforeSeq = before });
        }
    }
}
