using System.Runtime.InteropServices;

namespace ChatBackend.Storage;

/// <summary>Lets a thread give way to those that serve chats. Linux ignores <see cref="Thread.Priority"/>, but has a niceness for each thread.</summary>
internal static class BackgroundThread
{
    private const int OfThread = 0;
    private const int This = 0;
    private const int Niceness = 10;

    /// <summary>For the calling thread, from here on.</summary>
    public static void GiveWay()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = setpriority(OfThread, This, Niceness); // where it is not allowed the thread competes like any other
        }
        else
        {
            Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
        }
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int setpriority(int which, int who, int niceness);
}
