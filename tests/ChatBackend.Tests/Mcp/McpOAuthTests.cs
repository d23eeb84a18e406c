using System.Text.Json;
using System.Text.Json.Nodes;
using ChatBackend.Mcp;
using ChatBackend.Protocol;
using ChatBackend.Testing;
using static ChatBackend.Testing.ScriptedModel;
using static ChatBackend.Tests.Mcp.PlayedMcpServer;

namespace ChatBackend.Tests.Mcp;

/// <summary>What lasts longer than one sign-in at a server: registration, and a token that is renewed.</summary>
[Trait("failure", "M18")]
public sealed class McpOAuthTests
{
    private const string Access = "access-token-d0e8";
    private const string Refresh = "refresh-token-b7a1";
    private const string ClientSecret = "client-secret-93d4";

    [Theory]
    [InlineData("chat")]
    [InlineData(null)]
    public async Task A_token_that_ceases_to_count_is_renewed_without_a_person_and_who_has_no_client_id_registers_first(string? clientId)
    {
        await using var authority = await PlayedAuthority.StartAsync(ClientSecret, Access, Refresh);
        await using var server = await StartAsync();
        server.Tools = [Tool("dig", isReadOnly: true)];
        var counts = 1; // the number of the token that counts
        server.OnRequest = request =>
        {
            if (request.Headers.GetValueOrDefault("Authorization") == $"Bearer {PlayedAuthority.Nth(Access, Volatile.Read(ref counts))}")
            {
                return Task.FromResult(false);
            }

            authority.Refuse(request, server);
            return Task.FromResult(true);
        };
        server.OnCall = call => Task.FromResult<JsonNode?>(Text($"I was sent {call.Headers["Authorization"]}, and know {Refresh}-2 and {ClientSecret}."));
        await using var host = await McpHost.StartAsync(
            new ScriptedModel([Call("dig")], [], [Call("dig")]),
            server,
            options => options.OAuth = new McpOAuthOptions { ClientId = clientId, ClientSecretFrom = clientId is null ? null : "OAUTH_SECRET", Authorize = authority.SignInAsync },
            ("OAUTH_SECRET", ClientSecret));
        await using var ada = await host.ConnectAsync();
        await host.RunAsync(ada);
        host.Completed("dig").Outcome.Should().Be(ToolOutcome.Succeeded, host.Log.Text);

        Volatile.Write(ref counts, 2);
        await host.RunAsync(ada);

        host.ResultOf("dig").Should().Contain("I was sent Bearer ***, and know *** and ***.");
        server.Received.Last(request => request.Tool == "dig").Headers["Authorization"].Should().Be($"Bearer {Access}-2");
        authority.SignIns.Should().Be(1);
        authority.Forms.Select(form => form["grant_type"]).Should().Equal("authorization_code", "refresh_token");
        authority.Forms.Should().OnlyContain(form => form["client_id"] == (clientId ?? PlayedAuthority.RegisteredId));
        authority.Registrations.Should().HaveCount(clientId is null ? 1 : 0);
        if (clientId is null)
        {
            authority.Registrations.Single()["redirect_uris"]!.AsArray().Single()!.GetValue<string>().Should().Be("http://localhost/callback");
        }

        var said = host.Log.Text + string.Concat(host.Frames.All().Select(frame => JsonSerializer.Serialize(frame)));
        foreach (var secret in new[] { Access, Refresh, ClientSecret })
        {
            said.Should().NotContain(secret);
        }
    }
}
