using ChatBackend.Identity;
using ChatBackend.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;

namespace ChatBackend.Tests.Identity;

/// <summary>What the rest of the host sees of a URL with a ticket.</summary>
public sealed class TicketStrippingHttpContextFactoryTests
{
    [Theory]
    [InlineData("/ws", "?ticket=t1", "", "t1")]
    [InlineData("/ws/", "?ticket=t1", "", "t1")]
    [InlineData("/WS", "?a=1&ticket=t1&b=2", "?a=1&b=2", "t1")]
    [InlineData("/ws", "?ticket=t1&ticket=t2", "", "t1,t2")]
    [InlineData("/ws", "?%74icket=t1", "", "t1")]
    [InlineData("/ws", "?ticket", "", "")]
    [InlineData("/ws", "?a=1", "?a=1", null)]
    [InlineData("/ws", "?a=1+2&b", "?a=1+2&b", null)]
    [InlineData("/ws", "?", "?", null)]
    [InlineData("/ws", "", "", null)]
    [InlineData("/assistant/ws", "?ticket=t1", "", "t1")]
    [InlineData("/elsewhere", "?ticket=t1", "?ticket=t1", null)]
    public async Task The_ticket_is_taken_out_of_the_address_of_an_upgrade_and_nothing_else_is(string path, string query, string left, string? ticket)
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();
        var request = new HttpRequestFeature { Path = path, QueryString = query, RawTarget = path + query };
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());

        var contexts = new TicketStrippingHttpContextFactory(app.Services);
        var context = contexts.Create(features);

        context.Request.QueryString.ToString().Should().Be(left);
        request.RawTarget.Should().Be(path + left);
        var presented = PresentedTicket.Of(context);
        (presented.Count == 0 ? null : presented.ToString()).Should().Be(ticket);
        contexts.Dispose(context);
    }
}
