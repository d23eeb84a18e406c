using ChatBackend;
using ChatBackend.Agents;
using Embedding;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton<Orders>();
builder.Services.AddChatBackend()
    .AddGuests()
    .AddRunHook<ShopRules>()
    .AddAgent("support", agent =>
    {
        agent.Instructions = "You help the customers of a bookshop.";
        agent.UseEndpoint(builder.Configuration["Model"] ?? "http://localhost:11434/v1", "llama3.2");
        agent.AddTool("order_status", (string order, Orders orders) => orders.StatusOf(order));
        agent.AddTool(
            "refund",
            (string order, decimal amount, Orders orders, ChatRunContext run) => orders.RefundAsync(order, amount, run),
            tool => tool.Approval = ChatToolApproval.When(call => call.Argument<decimal>("amount") > 100));
    });

var app = builder.Build();
app.MapChatBackend();
app.Run();
