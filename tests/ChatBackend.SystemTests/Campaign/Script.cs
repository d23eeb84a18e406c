namespace ChatBackend.SystemTests.Campaign;

/// <summary>What agents are told to do: short and long texts, thoughts, tools that work, fail and do not listen, a model that breaks.</summary>
internal static class Script
{
    /// <param name="mayAsk">Whether somebody is there who decides.</param>
    public static string Draw(Random dice, bool mayAsk = false)
    {
        var text = string.Concat(Enumerable.Range(0, dice.Next(1, 40)).Select(i => $"{i} ünd 🌊 "));
        object[] steps = dice.Next(10) switch
        {
            0 => [Scenario.Say(text)],
            1 => [Scenario.Think(text, 10, 5), Scenario.Tool("look", dice.Next(300)), Scenario.Say(text, 30, 10)],
            2 => [Scenario.Say(text, 20, 5), Scenario.Tool("fail", dice.Next(100), fail: true), Scenario.Tool("look", dice.Next(100)), Scenario.Say(text, 20, 20)],
            3 => [Scenario.Tool("stubborn", dice.Next(400), ignoreCancel: true), Scenario.Say(text, 10, 10)],
            4 => [Scenario.Say(text, 10, 10), Scenario.Crash("as the script wants")],
            5 => [.. Enumerable.Range(0, dice.Next(2, 8)).SelectMany(i => new[] { Scenario.Think($"{i}"), Scenario.Tool("look", dice.Next(20)) }), Scenario.Say(text)],
            6 => [.. Enumerable.Range(0, dice.Next(10, 30)).SelectMany(i => new[] { Scenario.Tool("look"), Scenario.Say($"{i}. ") })],
            7 when mayAsk => [Scenario.Say(text, 5, 5), Scenario.Tool("send", dice.Next(100), approval: true), Scenario.Say(text), Scenario.Tool("send", approval: true)],
            8 => [Scenario.Say(string.Concat(Enumerable.Repeat(text, 30)), 40, 5)],
            _ => [Scenario.Say(text + text, 100, dice.Next(20))],
        };
        return Scenario.Of(steps);
    }
}
