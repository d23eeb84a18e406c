using System.Diagnostics;
using System.Runtime.InteropServices;
using ChatBackend.Storage;

namespace ChatBackend.Tests.Storage;

/// <summary>A small file system of its own, which can be filled or lose its power. Needs root on Linux; gone with the test.</summary>
public sealed class TestDisk : IDisposable
{
    // EXT4_IOC_SHUTDOWN with NOLOGFLUSH: what is not synced is gone, as when the power is cut.
    private const uint Shutdown = 0x8004587D;
    private const uint WithoutFlush = 2;

    private readonly DirectoryInfo _base = Directory.CreateTempSubdirectory("chat-disk-");
    private string? _device;
    private bool _isMounted;

    private TestDisk() => Path = _base.CreateSubdirectory("mnt").FullName;

    /// <summary>Null where it can be made; else what is missing.</summary>
    public static string? Missing { get; } =
        !OperatingSystem.IsLinux() ? "Linux" : !Environment.IsPrivilegedProcess ? "root" : null;

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    public static TestDisk InMemory(int kibibytes)
    {
        var disk = new TestDisk();
        disk.Mount("-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs", disk.Path);
        return disk;
    }

    /// <summary>With a journal and delayed allocation, as most servers have.</summary>
    public static TestDisk Ext4(int mebibytes)
    {
        var disk = new TestDisk();
        var image = System.IO.Path.Combine(disk._base.FullName, "image");
        using (var file = File.Create(image))
        {
            file.SetLength((long)mebibytes << 20);
        }

        Run("mkfs.ext4", "-q", "-F", image);
        disk._device = Run("losetup", "--find", "--show", image).Trim();
        disk.Mount(disk._device, disk.Path);
        Run("sync", "--file-system", disk.Path);
        return disk;
    }

    /// <summary>Takes all room but so much.</summary>
    /// <returns>The file to be deleted to have it again.</returns>
    public string Fill(long butBytes)
    {
        var filler = System.IO.Path.Combine(Path, "filler");
        var length = new DriveInfo(Path).AvailableFreeSpace - butBytes;
        using var file = File.Create(filler);
        var block = new byte[64 << 10];
        for (; length > 0; length -= block.Length)
        {
            file.Write(block.AsSpan(0, (int)Math.Min(length, block.Length)));
        }

        return filler;
    }

    /// <summary>Cuts the power and mounts what the disk held then.</summary>
    public void CutPower()
    {
        Cut();
        Restore();
    }

    /// <summary>The moment itself: nothing reaches the disk any more. Whoever has files open there must end before <see cref="Restore"/>.</summary>
    public void Cut()
    {
        using var root = File.OpenHandle(System.IO.Path.Combine(Path, ".power"), FileMode.Create, FileAccess.Write);
        var how = WithoutFlush;
        if (ioctl(root, Shutdown, ref how) != 0)
        {
            throw new IOException($"The file system could not be shut down: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    public void Restore()
    {
        Run("umount", Path);
        _isMounted = false;
        Mount(_device!, Path);
    }

    public void Dispose()
    {
        if (_isMounted)
        {
            Run("umount", "--lazy", Path);
        }

        if (_device is not null)
        {
            Run("losetup", "--detach", _device);
        }

        _base.Delete(recursive: true);
    }

    private void Mount(params string[] arguments)
    {
        Run("mount", arguments);
        _isMounted = true;
    }

    private static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new IOException($"{program} {string.Join(' ', arguments)} failed: {errors.GetAwaiter().GetResult()}");
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ioctl(Microsoft.Win32.SafeHandles.SafeFileHandle file, nuint request, ref uint argument);
}
