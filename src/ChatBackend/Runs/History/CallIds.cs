using System.Security.Cryptography;
using System.Text;
using ChatBackend.Protocol;
using Microsoft.Extensions.AI;

namespace ChatBackend.Runs.History;

/// <summary>A call has two ids: the one that people are told, and the one by which its model knows it.</summary>
internal static class CallIds
{
    private const string Own = "chat_backend.call_id";

    /// <summary>The id that people are told; null for a call that has none yet.</summary>
    public static CallId? OwnOf(FunctionCallContent call) =>
        call.AdditionalProperties?.TryGetValue(Own, out var id) is true && id is string own ? new CallId(own) : null;

    public static void Name(FunctionCallContent call, CallId own) => (call.AdditionalProperties ??= [])[Own] = own.Value;

    /// <summary>Whether a member of <see cref="AIContent.AdditionalProperties"/> is of the model, not the id that people are told.</summary>
    public static bool IsOfModel(string member) => member != Own;

    /// <summary>The id of a call that another model made, or one that gave it none: always the same, and such as the strictest servers take, 9 of a-z 0-9.</summary>
    public static string ForAnyModel(CallId own) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(own.Value)))[..9];
}
