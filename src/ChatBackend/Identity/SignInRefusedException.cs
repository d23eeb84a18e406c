namespace ChatBackend.Identity;

/// <summary>A credential that is refused, as the failure of an authentication handler: with the status, the word for metrics and the sentence that it is refused with.</summary>
internal sealed class SignInRefusedException(int status, string reason, string problem) : Exception(problem)
{
    public int Status => status;

    /// <summary>One of <see cref="Telemetry.RefusalReason"/>.</summary>
    public string Reason => reason;
}
