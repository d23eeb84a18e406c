using ChatBackend;
using Shop;

var builder = WebApplication.CreateBuilder(args);
builder.AddShop(TimeProvider.System); // what the application has without the chat
builder.Services.AddChatBackend()
    .AddAgent("support", agent =>
    {
        agent.UseEndpoint(builder.Configuration["Model"] ?? "http://localhost:11434/v1", "llama3.2");
        agent.UseInstructions(run => $"You help {run.User.Identity?.Name}, who is signed in at the shop.");
    });

var app = builder.Build();
app.MapShop();
app.MapChatBackend("/assistant");
app.Run();
