using System.ComponentModel.DataAnnotations;

namespace ChatBackend.Threads;

/// <summary>Section <c>Threads</c>.</summary>
internal sealed class ThreadOptions
{
    /// <summary>Messages that may wait in one thread for a busy run to end.</summary>
    [Range(1, 1000)]
    public int MaxQueuedMessages { get; set; } = 100;

    /// <summary>How long a call to a thread may take before it is answered with <c>unavailable</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
