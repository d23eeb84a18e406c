using System.ComponentModel.DataAnnotations;

namespace ChatBackend.Runs;

/// <summary>Section <c>Runs</c>: the budget of every run.</summary>
public sealed class RunOptions
{
    /// <summary>A run that takes longer ends as <c>agent_failed</c> <c>timeout</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>A tool that takes longer is given up; the model is told so.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan ToolTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a tool call waits for an approval before it counts as rejected. It is not part of <see cref="Timeout"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "14.00:00:00")]
    public TimeSpan ApprovalTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a stopped run's model and tools may take to notice before the run ends without them.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan StopBound { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Calls of the model in one run; a run that wants more ends as <c>agent_stopped</c> <c>budget</c>.</summary>
    [Range(1, 1000)]
    public int MaxSteps { get; set; } = 100;

    /// <summary>UTF-16 code units that a run may say, thinking included; a run that wants more ends as <c>agent_stopped</c> <c>budget</c>.</summary>
    [Range(1000, 10_000_000)]
    public int MaxOutputCharacters { get; set; } = 400_000;

    /// <summary>Bytes of JSON that an event holds of the arguments or the result of one call. Larger arguments are refused, and the model is told so; a larger result is stored whole and shortened.</summary>
    [Range(1000, 10_000_000)]
    public int MaxToolBytes { get; set; } = 128 * 1024;

    /// <summary>Bytes of JSON of results larger than <see cref="MaxToolBytes"/> that one run may store, all together; more is refused, and the model is told so.</summary>
    [Range(0, 100_000_000)]
    public int MaxStoredResultBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>
    /// Whether traces hold what people, models and tools said (<c>gen_ai.input.messages</c> and the like), in texts of 4,000 characters at most. Then the
    /// conversations can be read in the traces, and what is deleted here stays there.
    /// </summary>
    public bool TraceContent { get; set; }

    /// <summary>Events before the run's message that the model is shown, as whole exchanges.</summary>
    [Range(0, 10_000)]
    public int HistoryEvents { get; set; } = 400;

    /// <summary>MiB of memory for what the models of all busy threads were shown, so that the next run need not read it again. 0 keeps nothing.</summary>
    [Range(0, 65536)]
    public int HistoryMiB { get; set; } = 64;

    /// <summary>How often the text of a part in flight is saved.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long open runs may go on when the server stops, before they end as <c>interrupted</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan DrainBound { get; set; } = TimeSpan.FromSeconds(4);
}
