using ChatBackend.Following;

namespace ChatBackend.Tests.Following;

/// <summary>A follower's state as tests ask for it.</summary>
internal static class FollowerStates
{
    extension(Follower follower)
    {
        public bool IsLive => follower.State == FollowerState.Live;

        public bool IsCatchingUp => follower.State == FollowerState.CatchingUp;

        public bool HasLeft => follower.State == FollowerState.Left;
    }
}
