using ChatBackend.Protocol;
using ChatBackend.Telemetry;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Identity;

/// <summary>Decides who asks for a WebSocket, from the request alone, and what is spoken on it.</summary>
internal sealed class UpgradeIdentity(OriginPolicy origins, ChatSignIn signIn)
{
    public async ValueTask<Admission> DecideAsync(HttpContext http)
    {
        if (origins.Check(http) is OriginVerdict.Foreign)
        {
            return new Admission.Refused(StatusCodes.Status403Forbidden, RefusalReason.ForeignOrigin, OriginPolicy.Refusal);
        }

        var offered = Credentials.OfferedProtocols(http.Request).ToList();
        var spoken = offered.Contains(ChatProtocol.Name) ? ChatProtocol.Name : null;
        if (offered.Count > 0 && spoken is null)
        {
            return new Admission.Refused(
                StatusCodes.Status400BadRequest, RefusalReason.SubProtocol, $"No supported sub-protocol was offered. Offer {ChatProtocol.Name}.");
        }

        var decision = await signIn.AuthenticateAsync(http, "as bearer, as sub-protocol, or in the cookie");
        return decision is Admission.Accepted accepted ? accepted with { SubProtocol = spoken } : decision;
    }
}
