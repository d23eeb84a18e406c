namespace ChatBackend.Benchmarks.Rivals;

/// <param name="Data">Where it keeps what it stores.</param>
/// <param name="Model">The base of an OpenAI-compatible API, which the agent <c>feed</c> asks.</param>
internal sealed record RivalArguments(string Name, string? Data, string? Model)
{
    /// <returns>Null when that is not a way to call it.</returns>
    public static RivalArguments? Parse(ReadOnlySpan<string> args)
    {
        if (args is not [var name, .. var rest])
        {
            return null;
        }

        var arguments = new RivalArguments(name, null, null);
        for (; rest is [var option, var value, ..]; rest = rest[2..])
        {
            switch (option)
            {
                case "--data":
                    arguments = arguments with { Data = value };
                    break;
                case "--model":
                    arguments = arguments with { Model = value };
                    break;
                default:
                    return null;
            }
        }

        return rest.IsEmpty ? arguments : null;
    }
}
