namespace ChatBackend.Agents;

/// <summary>A tool could not do what was asked. The message is told to the model and shown to the user; that of any other exception stays in the log.</summary>
public sealed class ChatToolException(string message) : Exception(message);
