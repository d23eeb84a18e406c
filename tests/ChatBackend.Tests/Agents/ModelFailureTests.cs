using System.Net;
using System.Net.Sockets;
using ChatBackend.Agents;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Agents;

public sealed class ModelFailureTests
{
    public static TheoryData<Exception, RunFailure> Failures => new()
    {
        { new HttpRequestException("secret"), RunFailure.ModelUnavailable },
        { new HttpRequestException("secret", null, HttpStatusCode.TooManyRequests), RunFailure.ModelRateLimited },
        { new HttpRequestException("secret", null, HttpStatusCode.BadGateway), RunFailure.ModelUnavailable },
        { new HttpRequestException("secret", null, HttpStatusCode.Forbidden), RunFailure.ModelRejected },
        { new HttpIOException(HttpRequestError.ResponseEnded, "secret"), RunFailure.ModelUnavailable },
        { new IOException("secret", new SocketException(104)), RunFailure.ModelUnavailable },
        { new TaskCanceledException("secret"), RunFailure.ModelUnavailable },
        { new TimeoutException("secret"), RunFailure.ModelUnavailable },
        { new AggregateException("secret", new HttpRequestException("secret"), new TimeoutException("secret")), RunFailure.ModelUnavailable },
        { new AggregateException("secret", new InvalidOperationException("secret")), RunFailure.Internal },
        { new IOException("secret"), RunFailure.Internal },
        { new InvalidOperationException("secret"), RunFailure.Internal },
    };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public void A_failure_has_a_code_and_a_text_without_the_exceptions(Exception thrown, RunFailure code)
    {
        var failure = ModelFailure.Classify(thrown);

        failure.Code.Should().Be(code);
        failure.Retryable.Should().Be(code is RunFailure.ModelUnavailable or RunFailure.ModelRateLimited);
        failure.Message.Should().NotBeEmpty().And.NotContain("secret");
    }
}
