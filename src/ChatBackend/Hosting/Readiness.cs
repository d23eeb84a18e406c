namespace ChatBackend.Hosting;

/// <summary>Whether this process takes new connections: from the end of start-up to the beginning of the drain.</summary>
internal sealed class Readiness
{
    private volatile State _state;

    public bool IsReady => _state == State.Ready;

    public bool IsDraining => _state == State.Draining;

    public void Ready()
    {
        if (_state == State.Starting)
        {
            _state = State.Ready;
        }
    }

    public void Draining() => _state = State.Draining;

    private enum State
    {
        Starting,
        Ready,
        Draining,
    }
}
