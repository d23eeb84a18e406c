using System.Runtime.InteropServices;

namespace ChatBackend.Server;

/// <summary>
/// SIGTERM and SIGINT from the first moment of the program. The host listens to them only once it starts; until then they would end the
/// process with another code than 0, and while it starts they would pass for a failure of the part that they interrupted.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _requested = new();
    private readonly List<PosixSignalRegistration> _registrations;
    private bool _started;

    public StopSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Request),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Request),
    ];

    public CancellationToken Requested => _requested.Token;

    /// <summary>Whether the process was told to end before everything had started: what fails then has not failed.</summary>
    public bool CutTheStartShort => _requested.IsCancellationRequested && !Volatile.Read(ref _started);

    public void Started() => Volatile.Write(ref _started, true);

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _requested.Dispose();
    }

    private void Request(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _requested.Cancel();
    }
}
