namespace ChatBackend.Agents;

/// <summary>Holds the context of the run whose scope it is in, from its beginning on.</summary>
internal sealed class RunContext
{
    private ChatRunContext? _current;

    /// <exception cref="InvalidOperationException">The scope is not one of a run.</exception>
    public ChatRunContext Current
    {
        get => _current ?? throw new InvalidOperationException("ChatRunContext is there in the scope of a run only.");
        set => _current = value;
    }
}
