using System.Runtime.InteropServices;

namespace ChatBackend.Storage;

/// <summary>Lets a thread give way to those that serve chats. Linux ignores <see cref="Thread.Priority"/>, but has a niceness for each thread.</summary>
internal static class BackgroundThread
{
    private const int Niceness = 10;

    /// <summary>For the calling thread, from here on.</summary>
    public static void GiveWay()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = nice(Niceness); // added to that of the process, which an operator may have set
        }
        else
        {
            Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
        }
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int nice(int increment);
}
