using ChatBackend.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ChatBackend.Demo;

/// <summary>Adds the demo to a chat backend.</summary>
public static class DemoBuilderExtensions
{
    private const string Agent = "demo";
    private const string EnabledSetting = "Agents:Demo:Enabled";

    /// <summary>
    /// Adds the tools <c>clock</c> and <c>calculator</c>, which other agents may use, and the agent <c>demo</c>, which needs no model;
    /// <c>Agents:Demo:Enabled=false</c> leaves the agent out.
    /// </summary>
    public static IChatBackendBuilder AddDemo(this IChatBackendBuilder chat, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(chat);
        chat.Services.TryAddSingleton(Places.OfThisMachine());
        chat.AddTool(ClockTool.Name, ClockTool.Read, tool => Describe(tool, "The present date and time in a place."));
        chat.AddTool(CalculatorTool.Name, CalculatorTool.Calculate, tool => Describe(tool, "The value of an arithmetic expression."));
        return configuration.GetValue(EnabledSetting, defaultValue: true)
            ? chat.AddAgent(Agent, agent =>
            {
                agent.UseModel(new DemoModel());
                agent.ShowsHistory = false;
                agent.UseTool(ClockTool.Name).UseTool(CalculatorTool.Name).UseTool(DemoIntent.SearchThreads);
            })
            : chat;
    }

    private static void Describe(ChatToolOptions tool, string description) => (tool.Description, tool.RunsInParallel) = (description, true);
}
