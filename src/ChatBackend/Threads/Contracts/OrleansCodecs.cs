using ChatBackend.Protocol;

namespace ChatBackend.Threads.Contracts;

/// <summary>How an id travels between nodes. The protocol's assembly refers to nothing, so its types are taught to Orleans here.</summary>
[GenerateSerializer, Immutable, Alias("chat.id")]
internal struct IdSurrogate
{
    [Id(0)]
    public string Value;
}

[RegisterConverter]
internal sealed class ThreadIdCodec : IConverter<ThreadId, IdSurrogate>
{
    public ThreadId ConvertFromSurrogate(in IdSurrogate surrogate) => new(surrogate.Value);

    public IdSurrogate ConvertToSurrogate(in ThreadId value) => new() { Value = value.Value };
}

[RegisterConverter]
internal sealed class RunIdCodec : IConverter<RunId, IdSurrogate>
{
    public RunId ConvertFromSurrogate(in IdSurrogate surrogate) => new(surrogate.Value);

    public IdSurrogate ConvertToSurrogate(in RunId value) => new() { Value = value.Value };
}

[RegisterConverter]
internal sealed class PartIdCodec : IConverter<PartId, IdSurrogate>
{
    public PartId ConvertFromSurrogate(in IdSurrogate surrogate) => new(surrogate.Value);

    public IdSurrogate ConvertToSurrogate(in PartId value) => new() { Value = value.Value };
}

[RegisterConverter]
internal sealed class MessageIdCodec : IConverter<MessageId, IdSurrogate>
{
    public MessageId ConvertFromSurrogate(in IdSurrogate surrogate) => new(surrogate.Value);

    public IdSurrogate ConvertToSurrogate(in MessageId value) => new() { Value = value.Value };
}

[RegisterConverter]
internal sealed class CallIdCodec : IConverter<CallId, IdSurrogate>
{
    public CallId ConvertFromSurrogate(in IdSurrogate surrogate) => new(surrogate.Value);

    public IdSurrogate ConvertToSurrogate(in CallId value) => new() { Value = value.Value };
}

[RegisterConverter]
internal sealed class UserIdCodec : IConverter<UserId, IdSurrogate>
{
    public UserId ConvertFromSurrogate(in IdSurrogate surrogate) => new(surrogate.Value);

    public IdSurrogate ConvertToSurrogate(in UserId value) => new() { Value = value.Value };
}

[RegisterConverter]
internal sealed class ClientFrameIdCodec : IConverter<ClientFrameId, IdSurrogate>
{
    public ClientFrameId ConvertFromSurrogate(in IdSurrogate surrogate) => new(surrogate.Value);

    public IdSurrogate ConvertToSurrogate(in ClientFrameId value) => new() { Value = value.Value };
}
