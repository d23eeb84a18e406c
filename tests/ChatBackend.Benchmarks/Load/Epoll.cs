using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ChatBackend.Benchmarks.Load;

/// <summary>
/// Linux's own readiness calls. One thread that reads thousands of sockets by them costs about a microsecond a frame, so that what is
/// measured is the server and not the client library.
/// </summary>
internal sealed partial class Epoll : IDisposable
{
    private const int Add = 1;
    private const int Modify = 3;
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int Again = 11;

    private readonly int _descriptor = RuntimeInformation.ProcessArchitecture == Architecture.X64
        ? Check(Create(0))
        : throw new PlatformNotSupportedException("The load runner knows epoll's structures on x64 only.");

    private readonly Ready[] _ready = new Ready[512];

    [Flags]
    public enum Interest : uint
    {
        Read = 1,
        Write = 4,
        Failed = 8,
    }

    public void Register(SafeHandle socket, int key, Interest interest) => Control(socket, Add, key, interest);

    public void Change(SafeHandle socket, int key, Interest interest) => Control(socket, Modify, key, interest);

    /// <summary>What is ready, by key; returns at the latest after <paramref name="milliseconds"/>.</summary>
    public ReadOnlySpan<Ready> Wait(int milliseconds)
    {
        var count = Wait(_descriptor, _ready, _ready.Length, milliseconds);
        return _ready.AsSpan(0, Math.Max(count, 0)); // interrupted counts as none
    }

    /// <returns>How many bytes; 0 at the end; -1 when there is nothing now.</returns>
    /// <exception cref="Win32Exception">The connection is broken.</exception>
    public static int Receive(SafeHandle socket, Span<byte> buffer) => OrAgain(Receive((int)socket.DangerousGetHandle(), buffer, buffer.Length, DontWait));

    /// <inheritdoc cref="Receive(SafeHandle, Span{byte})"/>
    public static int Send(SafeHandle socket, ReadOnlySpan<byte> bytes) => OrAgain(Send((int)socket.DangerousGetHandle(), bytes, bytes.Length, DontWait | NoSignal));

    public void Dispose() => Close(_descriptor);

    private void Control(SafeHandle socket, int operation, int key, Interest interest)
    {
        var wanted = new Ready { Events = interest, Key = key };
        Check(Control(_descriptor, operation, (int)socket.DangerousGetHandle(), ref wanted));
    }

    private static int OrAgain(nint result)
    {
        if (result >= 0)
        {
            return (int)result;
        }

        var error = Marshal.GetLastPInvokeError();
        return error == Again ? -1 : throw new Win32Exception(error);
    }

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    // Packed on x64, aligned elsewhere.
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    public struct Ready
    {
        public Interest Events;
        public int Key;
        public int Unused;
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, int socket, ref Ready wanted);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(int epoll, [Out] Ready[] ready, int count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int socket, Span<byte> buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int socket, ReadOnlySpan<byte> buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
