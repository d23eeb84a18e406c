using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ChatBackend.Identity;

/// <summary>A handler of ours. The framework writes a line for each credential that fails, so that strangers could fill a disk; refusals are counted, and some logged, by <see cref="Telemetry.Refusals"/>.</summary>
internal abstract class QuietAuthenticationHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, NullLoggerFactory.Instance, encoder);
