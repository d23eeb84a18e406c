using ChatBackend.Threads.Contracts;

namespace ChatBackend.Threads.Publishing;

/// <summary>This node, as the writers of threads know it: an address that travels between nodes, and the observer behind it.</summary>
internal sealed class LocalNode(IGrainFactory grains)
{
    private readonly Lock _lock = new();
    private (INodeObserver Observer, INodeObserver Address)? _node; // Orleans keeps only a weak reference to the observer behind an address

    /// <summary>The address under which writers publish to this node's one observer.</summary>
    public INodeObserver AddressOf(INodeObserver observer)
    {
        lock (_lock)
        {
            return (_node ??= (observer, grains.CreateObjectReference<INodeObserver>(observer))).Address;
        }
    }

    /// <summary>The shortest way to a node: where it is this one, its observer itself, without a message between them.</summary>
    public INodeObserver Nearest(INodeObserver address)
    {
        lock (_lock)
        {
            return _node is { } node && address.Equals(node.Address) ? node.Observer : address;
        }
    }
}
