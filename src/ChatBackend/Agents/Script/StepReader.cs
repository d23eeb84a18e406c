using System.Text.Json;

namespace ChatBackend.Agents.Script;

/// <summary>Reads the members of one step, and knows which of them were never read.</summary>
internal sealed class StepReader
{
    private const int MaxMilliseconds = 24 * 60 * 60 * 1000;
    private const int MaxChunks = 1_000_000;
    private static readonly string[] Kinds = ["say", "think", "tool", "wait_ms", "finish", "crash"];

    private readonly Dictionary<string, JsonElement> _unread = [];
    private readonly string _where;

    private StepReader(JsonElement json, int index)
    {
        _where = $"steps[{index}]";
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("is not an object");
        }

        foreach (var member in json.EnumerateObject())
        {
            _unread[member.Name] = member.Value;
        }
    }

    /// <exception cref="FormatException">It is not a step; the message says where and why.</exception>
    public static ScriptStep Read(JsonElement json, int index)
    {
        var reader = new StepReader(json, index);
        var step = reader.Step();
        return reader._unread.Count == 0 ? step : throw reader.Wrong($"has a member that it cannot have: {reader._unread.Keys.First()}");
    }

    private ScriptStep Step()
    {
        var kinds = Kinds.Where(_unread.ContainsKey).ToList();
        return kinds switch
        {
            ["say" or "think"] => new ScriptStep.Speech(
                Text(kinds[0]), kinds[0] == "think", Whole("chunks", 1, 1, MaxChunks), Milliseconds("every_ms")),
            ["tool"] => Tool(),
            ["wait_ms"] => new ScriptStep.Wait(Milliseconds("wait_ms"), Flag("ignore_cancel")),
            ["finish"] => new ScriptStep.Finish(Text("finish")),
            ["crash"] => new ScriptStep.Crash(Text("crash")),
            _ => throw Wrong($"needs exactly one of {string.Join(", ", Kinds)}"),
        };
    }

    private ScriptStep.ToolCall Tool()
    {
        var name = Text("tool");
        return name.Length > 0
            ? new ScriptStep.ToolCall(
                name, Arguments(), _unread.Remove("result", out var result) ? result : null,
                Milliseconds("ms"), Flag("ignore_cancel"), Flag("fail"), Flag("approval"))
            : throw Wrong("has a tool without a name");
    }

    private Dictionary<string, JsonElement> Arguments()
    {
        if (!_unread.Remove("arguments", out var value))
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().ToDictionary(argument => argument.Name, argument => argument.Value)
            : throw Wrong("has arguments that are not an object");
    }

    private string Text(string member) =>
        _unread.Remove(member, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw Wrong($"has a {member} that is not a string");

    private TimeSpan Milliseconds(string member) => TimeSpan.FromMilliseconds(Whole(member, 0, 0, MaxMilliseconds));

    private int Whole(string member, int otherwise, int min, int max)
    {
        if (!_unread.Remove(member, out var value))
        {
            return otherwise;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max
            ? number
            : throw Wrong($"has a {member} that is not a whole number from {min} to {max}");
    }

    private bool Flag(string member)
    {
        if (!_unread.Remove(member, out var value))
        {
            return false;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong($"has a {member} that is neither true nor false");
    }

    private FormatException Wrong(string what) => new($"{_where} {what}");
}
