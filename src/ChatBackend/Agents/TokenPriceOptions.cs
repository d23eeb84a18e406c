using System.ComponentModel.DataAnnotations;

namespace ChatBackend.Agents;

/// <summary>What a million tokens of a model cost, in a currency of the operator's choice.</summary>
public sealed class TokenPriceOptions
{
    /// <summary>Of what the model is shown.</summary>
    [Range(0, double.MaxValue)]
    public decimal Input { get; set; }

    /// <summary>Of what it says and thinks.</summary>
    [Range(0, double.MaxValue)]
    public decimal Output { get; set; }

    /// <summary>Of what it is shown and its provider had in a cache; null for that of <see cref="Input"/>.</summary>
    [Range(0, double.MaxValue)]
    public decimal? CachedInput { get; set; }
}
