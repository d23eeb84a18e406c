using System.ComponentModel.DataAnnotations;
using ChatBackend.Threads.Titles;

namespace ChatBackend.Threads;

/// <summary>Section <c>Threads</c>.</summary>
public sealed class ThreadOptions
{
    /// <summary>Messages that may wait in one thread for a busy run to end.</summary>
    [Range(1, 1000)]
    public int MaxQueuedMessages { get; set; } = 100;

    /// <summary>Whether a thread without a title gets one from the first message that is answered.</summary>
    public bool AutoTitle { get; set; } = true;

    /// <summary>Events older than this many days leave the log, whole answered exchanges at a time. 0 keeps everything.</summary>
    [Range(0, 36500)]
    public int RetainDays { get; set; }

    /// <summary>How long a call to a thread may take before it is answered with <c>unavailable</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
