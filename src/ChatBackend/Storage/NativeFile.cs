using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ChatBackend.Storage;

/// <summary>What Unix can do with files and the class library cannot.</summary>
internal static class NativeFile
{
    private const int ReadOnly = 0;
    private const int LockExclusivelyOrFail = 2 | 4;
    private const int Execute = 1;
    private const int ReadAndWrite = 2 | 4;

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

        // EWOULDBLOCK is 11 on Linux, 35 on other systems.
        return Marshal.GetLastPInvokeError() is 11 or 35 ? false : throw Failed("locked", path);
    }

    /// <summary>Whether the user of this process may read and write it and, where it is a directory, what is in it.</summary>
    /// <param name="reason">Why not, in the system's words.</param>
    public static bool IsAccessible(string path, out string reason)
    {
        var isAccessible = access(path, Directory.Exists(path) ? ReadAndWrite | Execute : ReadAndWrite) == 0;
        reason = isAccessible ? "" : Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
        return isAccessible;
    }

    private static IOException Failed(string what, string path) =>
        new($"{path} cannot be {what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");

    [DllImport("libc", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int open(string path, int flags);

    [DllImport("libc", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int access(string path, int mode);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fsync(SafeFileHandle file);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int flock(SafeFileHandle file, int operation);
}
