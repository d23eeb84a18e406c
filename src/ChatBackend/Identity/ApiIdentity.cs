using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Identity;

/// <summary>Decides who sends an HTTP request, by the same credentials and origins as an upgrade.</summary>
internal sealed class ApiIdentity(OriginPolicy origins, ChatSignIn signIn)
{
    public ValueTask<Admission> DecideAsync(HttpContext http) => origins.Check(http) is OriginVerdict.Foreign
        ? ValueTask.FromResult<Admission>(new Admission.Refused(StatusCodes.Status403Forbidden, RefusalReason.ForeignOrigin, OriginPolicy.Refusal))
        : signIn.AuthenticateAsync(http, "as bearer, or in the cookie");
}
