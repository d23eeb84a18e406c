namespace ChatBackend.Storage;

/// <summary>Another process works on the data directory.</summary>
internal sealed class DirectoryInUseException(string message, Exception? inner) : InvalidOperationException(message, inner);
