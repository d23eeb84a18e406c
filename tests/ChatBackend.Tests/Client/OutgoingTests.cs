using System.Text;
using ChatBackend.Client;
using ChatBackend.Client.Connections;
using ChatBackend.Protocol;

namespace ChatBackend.Tests.Client;

/// <summary>What a client has to send when a socket is there.</summary>
public sealed class OutgoingTests
{
    [Fact]
    [Trait("failure", "D15")]
    public void A_follow_that_is_asked_for_while_the_socket_begins_is_sent()
    {
        var outgoing = new Outgoing(TimeProvider.System, maxWaiting: 10, journal: null, retriesRefused: false);
        var follower = new ThreadFollower(new ThreadId("thr_1"), new ThreadCursor(7), bufferBytes: 0);

        // The followers of the connection were looked up a moment before this one was added to them.
        var following = outgoing.Follow(follower, TimeSpan.Zero);
        outgoing.Begin(new SendWindow(Samples.Established().Limits), () => []);

        Encoding.UTF8.GetString(outgoing.Next(out _)!).Should().Contain("\"follow\"").And.Contain("thr_1").And.Contain("7");
        following.IsCompleted.Should().BeFalse();
        outgoing.Answer(new CaughtUp { ThreadId = follower.Thread, Seq = 7 });
        following.IsCompletedSuccessfully.Should().BeTrue();
        outgoing.Next(out _).Should().BeNull();
    }

    [Fact]
    public void Each_follower_is_followed_once_on_a_new_socket()
    {
        var outgoing = new Outgoing(TimeProvider.System, maxWaiting: 10, journal: null, retriesRefused: false);
        ThreadFollower[] followers = [new(new ThreadId("thr_1"), default, 0), new(new ThreadId("thr_2"), default, 0)];
        _ = outgoing.Follow(followers[1], TimeSpan.FromHours(1));

        outgoing.Begin(new SendWindow(Samples.Established().Limits), () => followers);

        var sent = new[] { outgoing.Next(out _), outgoing.Next(out _) }.Select(frame => ((FollowFrame)ClientFrameReader.Read(frame!).Frame!).ThreadId.Value);
        sent.Should().BeEquivalentTo("thr_1", "thr_2");
        outgoing.Next(out _).Should().BeNull();
    }
}
