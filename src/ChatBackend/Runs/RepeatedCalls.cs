using System.Text.Json;
using ChatBackend.Protocol;

namespace ChatBackend.Runs;

/// <summary>Counts the steps of a run in which the same call, with the same arguments, did not succeed: a model that does not learn from it would go on until its budget is spent.</summary>
internal sealed class RepeatedCalls
{
    private const int Most = 3;

    private readonly Dictionary<string, int> _failures = [];

    /// <param name="step">The calls of one step, which the model made before it was told of any of them.</param>
    /// <returns>How the run ends; null when it goes on.</returns>
    public RunOutcome.Failed? Add(IReadOnlyList<(JsonElement? Arguments, ToolCompleted Completed)> step)
    {
        if (_failures.Count == 0 && step.All(call => call.Completed.Outcome == ToolOutcome.Succeeded))
        {
            return null;
        }

        RunOutcome.Failed? end = null;
        foreach (var same in step.ToLookup(call => KeyOf(call.Arguments, call.Completed), call => call.Completed))
        {
            if (same.Any(call => call.Outcome == ToolOutcome.Succeeded))
            {
                _failures.Remove(same.Key);
                continue;
            }

            var failures = _failures[same.Key] = _failures.GetValueOrDefault(same.Key) + 1;
            if (failures >= Most)
            {
                var failed = same.Last();
                end ??= new RunOutcome.Failed(
                    RunFailure.RepeatedToolFailure, $"The agent called {failed.Tool} three times with the same arguments, and it failed each time: {failed.Error}", Retryable: false);
            }
        }

        return end;
    }

    /// <summary>Arguments that could not be read are known by what is wrong with them.</summary>
    private static string KeyOf(JsonElement? arguments, ToolCompleted completed) =>
        arguments is { } known ? ArgumentsDigest.Of(completed.Tool, known) : $"{completed.Tool} {completed.Error}";
}
