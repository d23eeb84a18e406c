using Microsoft.Extensions.AI;

namespace ChatBackend.Runs.History;

/// <summary>
/// Stands in a conversation where what left it was. It is the user's, not the system's: it repeats what people and tools said, and must not have the weight of instructions.
/// </summary>
internal sealed class SummaryMessage(string summary)
    : ChatMessage(ChatRole.User, $"[The conversation began before what you see of it. Summary of the part that you do not see:]\n{summary}\n[End of the summary.]")
{
    public string Summary => summary;
}
