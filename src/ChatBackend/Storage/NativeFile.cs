using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ChatBackend.Storage;

/// <summary>What Unix can do with files and the class library cannot.</summary>
internal static class NativeFile
{
    private const int ReadOnly = 0;
    private const int LockExclusivelyOrFail = 2 | 4;

    public static SafeFileHandle OpenDirectory(string path)
    {
        var descriptor = open(path, ReadOnly);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Failed("opened", path);
    }

    public static void Sync(SafeFileHandle handle, string path)
    {
        if (fsync(handle) != 0)
        {
            throw Failed("synced to the disk", path);
        }
    }

    /// <summary>Until the handle is closed, or the process ends.</summary>
    /// <returns>False when another process has it.</returns>
    public static bool TryLock(SafeFileHandle handle, string path)
    {
        if (flock(handle, LockExclusivelyOrFail) == 0)
        {
            return true;
        }

        // EWOULDBLOCK is 11 on Linux, 35 elsewhere.
        return Marshal.GetLastPInvokeError() is 11 or 35 ? false : throw Failed("locked", path);
    }

    private static IOException Failed(string what, string path) =>
        new($"{path} cannot be {what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");

    [DllImport("libc", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int open(string path, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fsync(SafeFileHandle file);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int flock(SafeFileHandle file, int operation);
}
