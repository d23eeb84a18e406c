using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Threads;

/// <summary>SHA-256 over what a command says, each field with its length before it: tells a retry from another command under the same id.</summary>
internal static class CommandDigest
{
    /// <summary>The thread is left out where the server chose it: a retry brings a new one.</summary>
    public static byte[] Of(ChatCommand command) =>
        command.Replaces is { } replaced
            ? Of("chat", command.Thread?.Value, command.Content, command.Agent, command.WhenRunning.ToString(), replaced.Value)
            : Of("chat", command.Thread?.Value, command.Content, command.Agent, command.WhenRunning.ToString());

    public static byte[] Of(StopCommand command, ThreadId thread) => command.Message is { } message
        ? Of("stop", thread.Value, command.Run?.Value, message.Value)
        : Of("stop", thread.Value, command.Run?.Value);

    public static byte[] Of(DecideCommand command, ThreadId thread) =>
        Of("decide", thread.Value, command.Call.Value, command.ArgumentsDigest, command.Decision.ToString(), command.Note);

    public static byte[] Of(SelectBranchCommand command, ThreadId thread) => Of("select_branch", thread.Value, command.Message.Value);

    public static byte[] Of(FeedbackCommand command, ThreadId thread) =>
        Of("feedback", thread.Value, command.Message.Value, command.Rating.ToString(), command.Note);

    private static byte[] Of(params ReadOnlySpan<string?> fields)
    {
        var length = 0;
        foreach (var field in fields)
        {
            length += sizeof(int) + Encoding.UTF8.GetByteCount(field ?? "");
        }

        var bytes = new byte[length];
        var left = bytes.AsSpan();
        foreach (var field in fields)
        {
            var written = Encoding.UTF8.GetBytes(field ?? "", left[sizeof(int)..]);
            BinaryPrimitives.WriteInt32LittleEndian(left, field is null ? -1 : written);
            left = left[(sizeof(int) + written)..];
        }

        return SHA256.HashData(bytes);
    }
}
