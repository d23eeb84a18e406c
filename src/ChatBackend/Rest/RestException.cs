using ChatBackend.Protocol;
using Microsoft.AspNetCore.Http;

namespace ChatBackend.Rest;

/// <summary>A request that is refused; becomes a problem of this status. The text is for people and never holds what was sent.</summary>
internal sealed class RestException(int status, string detail) : Exception(detail)
{
    public int Status { get; } = status;

    public static RestException Invalid(string detail) => new(StatusCodes.Status400BadRequest, detail);

    /// <summary>The status of what a thread refuses.</summary>
    public static int StatusOf(ErrorCode code) => code switch
    {
        ErrorCode.NotFound => StatusCodes.Status404NotFound,
        ErrorCode.Expired => StatusCodes.Status410Gone,
        ErrorCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorCode.Internal => StatusCodes.Status500InternalServerError,
        _ => StatusCodes.Status409Conflict,
    };
}
