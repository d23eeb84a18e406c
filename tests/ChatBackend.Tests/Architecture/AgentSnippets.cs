using System.Security.Claims;
using ChatBackend.Mcp;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Architecture;

/// <summary>What docs/agents.md prints of code and no sample has, compiled as it stands there; <see cref="SampleTests"/> compares them.</summary>
internal static class AgentSnippets
{
    public static void Support(WebApplicationBuilder builder)
    {
        builder.Services.AddChatBackend()
            .AddTool("order_status", (string order, Orders orders) => orders.StatusOf(order))
            .AddAgent("support", agent =>
            {
                agent.Description = "Knows your orders.";
                agent.Suggestions.Add("Where is my order?");
                agent.UseModel(services => services.GetRequiredService<IChatClient>());
                agent.Instructions = "You help the customers of a bookshop.";
                agent.UseInstructions(run => $"The customer's number is {run.User.FindFirstValue("customer")}.");
                agent.UseTool("order_status").UseTool("search_threads");
                agent.MaxSteps = 10;
            });
    }

    public static void Editor(WebApplicationBuilder builder)
    {
        builder.Services.AddChatBackend()
            .AddAgent("editor", agent => agent.UseKeyedModel("large").AddAgentTool("researcher", "Looks facts up. Say what is to be found out."))
            .AddAgent("researcher", agent => agent.UseKeyedModel("small").UseTool("search_threads"));
    }

    public static void Tickets(WebApplicationBuilder builder, ITokens tokens)
    {
        builder.Services.AddChatBackend()
            .AddAgent("helper", agent => agent.UseKeyedModel("large"))
            .AddMcp(mcp =>
            {
                mcp.Servers["tickets"] = new McpServerOptions
                {
                    Url = "https://mcp.example.com/mcp",
                    HeadersFor = async run => new Dictionary<string, string> { ["Authorization"] = $"Bearer {await tokens.OfAsync(run.UserId)}" },
                };
                mcp.Allow("helper", "tickets", "find", "close");
            });
    }

    internal interface ITokens
    {
        Task<string> OfAsync(UserId user);
    }

    internal sealed class Orders(IReadOnlyDictionary<string, string> status)
    {
        public string StatusOf(string order) => status[order];
    }
}
