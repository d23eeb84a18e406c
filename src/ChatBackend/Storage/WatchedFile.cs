using System.Runtime.InteropServices;
using System.Text;

namespace ChatBackend.Storage;

/// <summary>
/// Tells whether a path still leads to the file that it led to when it was remembered: an open file lives on after its name is gone, and what
/// is written to it then can never be found. One system call and no allocation, so that each commit can ask. Linux only; on other systems it says no.
/// </summary>
internal sealed class WatchedFile(string path)
{
    private const int CurrentDirectory = -100;
    private const uint Inode = 0x100;

    private readonly byte[] _path = Encoding.UTF8.GetBytes(path + '\0');
    private FileId _remembered;

    public bool HasMoved => OperatingSystem.IsLinux() && Look() != _remembered;

    /// <summary>Takes what is there now for what should be there.</summary>
    public void Remember() => _remembered = OperatingSystem.IsLinux() ? Look() : default;

    private FileId Look() =>
        statx(CurrentDirectory, ref MemoryMarshal.GetArrayDataReference(_path), 0, Inode, out var found) == 0
            ? new FileId(found.DeviceMajor, found.DeviceMinor, found.Inode)
            : default;

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int statx(int directory, ref byte path, int flags, uint mask, out Status status);

    private readonly record struct FileId(uint DeviceMajor, uint DeviceMinor, ulong Inode);

    /// <summary>The kernel's own layout, the same on every processor.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
