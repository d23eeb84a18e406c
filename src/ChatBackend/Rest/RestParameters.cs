using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using ChatBackend.Errors;
using ChatBackend.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace ChatBackend.Rest;

/// <summary>
/// What a handler takes from route and query: its parameters, their types and their rules. They are checked before ASP.NET Core binds them, which takes
/// more than the protocol does (<c>limit= 7</c>, <c>archived=TRUE</c>) and does not say what is wrong. A problem names the parameter, never what was sent.
/// </summary>
internal sealed class RestParameters
{
    private readonly IReadOnlyList<(ParameterInfo Parameter, string Name)> _parameters;

    public RestParameters(MethodInfo handler) => _parameters =
    [
        .. handler.GetParameters().Where(parameter => IsSent(TypeOf(parameter))).Select(parameter => (parameter, NameOf(parameter))),
    ];

    /// <exception cref="RestException">A parameter is not what it must be.</exception>
    /// <exception cref="ProtocolException">No thread has such an id.</exception>
    public void Check(HttpContext http)
    {
        foreach (var (parameter, name) in _parameters)
        {
            var text = http.Request.RouteValues.TryGetValue(name, out var segment) ? segment as string
                : http.Request.Query.TryGetValue(name, out var values) ? values.ToString() : null;
            if (text is not null && ProblemOf(parameter, text) is { } problem)
            {
                throw RestException.Invalid($"{name} {problem}");
            }
        }
    }

    private static string? ProblemOf(ParameterInfo parameter, string text)
    {
        var type = TypeOf(parameter);
        if (type == typeof(ThreadId))
        {
            return ThreadId.IsWellFormed(text) ? null : throw ProtocolException.NotFound();
        }

        if (type == typeof(bool))
        {
            return text is "true" or "false" ? null : "is true or false.";
        }

        if (type == typeof(UtcTime))
        {
            return UtcTime.TryParse(text, out _) ? null : "is a time in UTC, as events have it.";
        }

        if (type.IsEnum)
        {
            return Enum.GetNames(type).Contains(text) ? null : $"is {string.Join(" or ", Enum.GetNames(type))}.";
        }

        if (type == typeof(long))
        {
            return long.TryParse(text, NumberStyles.None, null, out _) ? null : "is an integer of at least 0.";
        }

        if (parameter.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            return int.TryParse(text, NumberStyles.None, null, out var number) && range.IsValid(number) ? null : $"is a number from {range.Minimum} to {range.Maximum}.";
        }

        return parameter.GetCustomAttribute<MaxLengthAttribute>() is { } max && text.Length > max.Length ? $"has at most {max.Length} characters." : null;
    }

    private static bool IsSent(Type type) =>
        type == typeof(ThreadId) || type == typeof(UtcTime) || type == typeof(bool) || type == typeof(int) || type == typeof(long) || type == typeof(string) || type.IsEnum;

    private static Type TypeOf(ParameterInfo parameter) => Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;

    private static string NameOf(ParameterInfo parameter) =>
        parameter.GetCustomAttributes().Select(attribute => attribute switch
        {
            IFromRouteMetadata route => route.Name,
            IFromQueryMetadata query => query.Name,
            _ => null,
        }).FirstOrDefault(name => name is not null) ?? parameter.Name!;
}

/// <summary>A time as events have it; one without a zone is in UTC.</summary>
internal readonly record struct UtcTime(DateTimeOffset Value)
{
    public static bool TryParse(string? text, out UtcTime time)
    {
        var isTime = DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var value);
        time = new UtcTime(value);
        return isTime;
    }
}
