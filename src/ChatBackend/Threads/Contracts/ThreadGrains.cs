using ChatBackend.Protocol;

namespace ChatBackend.Threads.Contracts;

/// <summary>Threads by their ids. Orleans looks a grain's types up by reflection each time that it is asked by interface; here that is done once.</summary>
internal sealed class ThreadGrains(IGrainFactory grains)
{
    private volatile GrainReference? _first;

    public IThreadGrain Of(ThreadId thread)
    {
        if (_first is { } known)
        {
            return (IThreadGrain)grains.GetGrain(GrainId.Create(known.GrainId.Type, thread.Value), known.InterfaceType);
        }

        var first = grains.GetGrain<IThreadGrain>(thread.Value);
        _first = first as GrainReference; // what stands in for a grain is none
        return first;
    }
}
