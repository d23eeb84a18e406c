using System.Security.Claims;
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

/// <summary>A user with claims, as the framework writes one.</summary>
[GenerateSerializer, Immutable, Alias("chat.principal")]
internal struct PrincipalSurrogate
{
    [Id(0)]
    public byte[] Written;
}

[RegisterConverter]
internal sealed class PrincipalCodec : IConverter<ClaimsPrincipal, PrincipalSurrogate>
{
    public ClaimsPrincipal ConvertFromSurrogate(in PrincipalSurrogate surrogate)
    {
        using var reader = new BinaryReader(new MemoryStream(surrogate.Written));
        return new ClaimsPrincipal(reader);
    }

    public PrincipalSurrogate ConvertToSurrogate(in ClaimsPrincipal value)
    {
        using var written = new MemoryStream();
        using var writer = new BinaryWriter(written);
        value.WriteTo(writer);
        writer.Flush();
        return new() { Written = written.ToArray() };
    }
}
