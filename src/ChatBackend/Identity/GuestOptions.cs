using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace ChatBackend.Identity;

/// <summary>Configuration section <c>Guests</c>.</summary>
public sealed class GuestOptions
{
    internal const string Section = "Guests";

    /// <summary>Whether anybody may become a guest. When it is not set: in Development only.</summary>
    public bool? Enabled { get; set; }

    /// <summary>How long a session lasts.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan TokenLifetime { get; set; } = TimeSpan.FromDays(30);
}

[OptionsValidator]
internal sealed partial class GuestOptionsValidator : IValidateOptions<GuestOptions>;
