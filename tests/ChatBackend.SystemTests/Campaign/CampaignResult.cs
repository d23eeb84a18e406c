namespace ChatBackend.SystemTests.Campaign;

/// <summary>What a campaign came to.</summary>
internal sealed record CampaignResult
{
    public required CampaignOptions Options { get; init; }

    public required int Violations { get; init; }

    public required IReadOnlyCollection<string> FirstViolations { get; init; }

    /// <summary>Durable events, counted for each client that was sent them.</summary>
    public required long SeenEvents { get; init; }

    public required long SeenDeltas { get; init; }

    public required int WholeTexts { get; init; }

    public required int Killed { get; init; }

    public required int Terminated { get; init; }

    public required int Connections { get; init; }

    public required string Strikes { get; init; }

    public required int Ids { get; init; }

    public required int Acknowledged { get; init; }

    public required int Decisions { get; init; }

    public required int Threads { get; init; }

    /// <summary>Durable events in the log.</summary>
    public required long Events { get; init; }

    public required int Messages { get; init; }

    public required int Runs { get; init; }

    public required string Ends { get; init; }

    /// <summary>All that was to happen has happened, and no promise was broken.</summary>
    public bool IsKept => Violations == 0 && SeenEvents >= Options.Events && Killed == Options.Kills;

    public override string ToString() =>
        $"""
        seed {Options.Seed}
        {SeenEvents} events and {SeenDeltas} deltas seen by clients, {WholeTexts} texts seen whole before they were durable
        {Connections} connections; faults that struck: {Strikes}
        {Killed} kills, {Terminated} terminations
        {Ids} ids sent, {Acknowledged} acknowledged; in the log: {Threads} threads, {Events} events, {Messages} messages ({Ends}), {Runs} runs, {Decisions} decisions
        {Violations} promises broken{string.Concat(FirstViolations.Select(violation => "\n  " + violation))}
        """;
}
