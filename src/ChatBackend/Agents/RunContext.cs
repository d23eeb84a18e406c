using ChatBackend.Protocol;

namespace ChatBackend.Agents;

/// <summary>Whose run this is. A scoped service of the run: tools take it from there, never from the model's arguments.</summary>
internal sealed class RunContext
{
    public UserId User { get; private set; }

    public ThreadId Thread { get; private set; }

    public RunId Run { get; private set; }

    public void Set(UserId user, ThreadId thread, RunId run) => (User, Thread, Run) = (user, thread, run);
}
