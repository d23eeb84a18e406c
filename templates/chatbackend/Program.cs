using ChatBackend;
using ChatBackend.Agents;
using ChatApp;

var builder = WebApplication.CreateBuilder(args);
var model = builder.Configuration.GetSection("Model");
builder.Services.AddScoped<Orders>();
builder.Services.AddChatBackend()
    .AddGuests()
    .AddAgent("assistant", agent =>
    {
        agent.Instructions = "You help the customers of a shop. Answer briefly.";
        // The key comes from the environment variable Model__Key, or from user secrets.
        agent.UseEndpoint(model["Endpoint"]!, model["Name"]!, model["Key"]);
        agent.AddTool("order_status", (string order, Orders orders) => orders.StatusOf(order));
        agent.AddTool(
            "refund",
            (string order, decimal amount, Orders orders, ChatRunContext run) => orders.RefundAsync(order, amount, run),
            tool => tool.Approval = ChatToolApproval.When(call => call.Argument<decimal>("amount") > 100));
    });

var app = builder.Build();
app.UseFileServer();
app.MapChatBackend();
app.Run();
