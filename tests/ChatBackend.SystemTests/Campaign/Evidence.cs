using System.Collections.Concurrent;
using ChatBackend.SystemTests.Ledgers;

namespace ChatBackend.SystemTests.Campaign;

/// <summary>What all clients of a campaign saw together, and every promise that was broken.</summary>
internal sealed class Evidence
{
    private const int Kept = 100;

    private readonly ConcurrentQueue<string> _violations = new();
    private int _count;
    private int _wholeTexts;

    public Sightings Sightings { get; } = new();

    public int Violations => _count;

    /// <summary>The first of them.</summary>
    public IReadOnlyCollection<string> Report => [.. _violations];

    /// <summary>Texts that a client saw whole in deltas before they became durable.</summary>
    public int WholeTexts => _wholeTexts;

    public void Broken(string who, string what)
    {
        if (Interlocked.Increment(ref _count) <= Kept)
        {
            _violations.Enqueue($"{who}: {what}");
        }
    }

    public void Saw(FollowerLedger over) => Interlocked.Add(ref _wholeTexts, over.WholeTexts);
}
