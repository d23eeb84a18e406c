namespace ChatBackend.Agents;

/// <summary>A tool could not do what was asked. The message is for the model and the user; any other exception's stays in the log.</summary>
internal sealed class ToolException(string message) : Exception(message);
