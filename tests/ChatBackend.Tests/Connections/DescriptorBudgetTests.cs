using ChatBackend.Connections;
using ChatBackend.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Connections;

[Trait("failure", "Q19")]
public sealed class DescriptorBudgetTests
{
    [Theory]
    [InlineData(20_000, 340)]
    [InlineData(700, 340)]
    [InlineData(600, 346)]
    [InlineData(400, 340)]
    public void Connections_and_the_servers_own_files_fit_under_the_limit_together(int limit, int used)
    {
        var budget = DescriptorBudget.Of(limit, used, reserve: 100);

        budget.Connections.Should().BePositive();
        (used + budget.Reserved + budget.Connections).Should().BeLessThan(limit, "those that are refused need a socket too");
        budget.FirstRefused.Should().BeGreaterThan(used + budget.Connections).And.BeLessThan(limit - 10);
    }

    [Theory]
    [InlineData(15_000)]
    [InlineData(100)]
    [InlineData(1)]
    public void The_limit_that_is_recommended_suffices(int connections)
    {
        var needed = DescriptorBudget.Of(700, 340, 100).LimitFor(connections);

        DescriptorBudget.Of(needed, 340, 100).Connections.Should().BeGreaterThanOrEqualTo(connections);
    }

    [Theory]
    [InlineData(20_000, 340, 100, 100, 19_560, 19_304, 19_950)]
    [InlineData(20_000, 340, 32, 32, 19_628, 19_372, 19_984)]
    [InlineData(700, 340, 100, 100, 260, 228, 650)]
    [InlineData(539, 340, 100, 99, 100, 88, 490)]
    [InlineData(400, 340, 100, 30, 30, 27, 385)]
    [InlineData(388, 340, 100, 24, 24, 21, 376)]
    public void It_is_divided_to_the_last_descriptor(int limit, int used, int reserve, int reserved, int sockets, int connections, int firstRefused)
    {
        var budget = DescriptorBudget.Of(limit, used, reserve);

        (budget.Limit, budget.Used, budget.Reserved).Should().Be((limit, used, reserved));
        (budget.Sockets, budget.Connections, budget.FirstRefused).Should().Be((sockets, connections, firstRefused));
    }

    [Theory]
    [InlineData(15_000, 15_696)]
    [InlineData(1_792, 2_488)]
    [InlineData(700, 1_240)]
    [InlineData(14, 456)]
    [InlineData(1, 442)]
    public void The_limit_that_is_recommended_is_not_higher_than_it_has_to_be(int connections, int limit) =>
        DescriptorBudget.Of(700, 340, 100).LimitFor(connections).Should().Be(limit);

    [Fact]
    public void A_limit_without_room_for_clients_ends_the_start_with_a_remedy() =>
        FluentActions.Invoking(() => DescriptorBudget.Of(387, 340, 100)).Should().Throw<InvalidOperationException>()
            .WithMessage("This process may open 387 files and needs 340 before its first client. Raise the limit (ulimit -n*");

    [Fact]
    public void A_limit_that_does_not_suffice_for_a_start_ends_it_with_a_remedy()
    {
        FluentActions.Invoking(() => DescriptorBudget.Require(415)).Should().Throw<InvalidOperationException>().WithMessage("*ulimit -n*");
        FluentActions.Invoking(() => DescriptorBudget.Require(416)).Should().NotThrow();
    }

    [Fact]
    public async Task A_socket_whose_descriptor_belongs_to_the_server_itself_is_not_admitted()
    {
        await using var server = new ChatServer();
        var (limit, descriptors) = (server.Services.GetRequiredService<ConnectionLimit>(), server.Services.GetRequiredService<FileDescriptors>());
        Assert.SkipWhen(descriptors.ReadLimit() is null, "the limit is known on Linux only");

        limit.TryOpenSocket(descriptors.CountOpen()!.Value).Should().BeTrue();
        limit.TryOpenSocket(descriptors.ReadLimit()!.Value - 1).Should().BeFalse();

        limit.Connections.Should().BePositive();
        (await server.GaugeAsync("chat_sockets_refused_total")).Should().Be(1);
    }
}
