using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Agents.Tools;

/// <summary>
/// A delegate as a tool. The model is shown the parameters that it is to fill in; the run's context, its services and its cancellation are
/// filled in here.
/// </summary>
internal static class DelegateTool
{
    public static AIFunction Create(string name, Delegate method, IServiceProviderIsService services) => AIFunctionFactory.Create(
        method, new AIFunctionFactoryOptions
        {
            Name = name,
            ConfigureParameterBinding = parameter => Binding(parameter, services),
            // Its own: the factory keeps the bindings, and with them the container, for as long as the options live.
            SerializerOptions = new JsonSerializerOptions(AIJsonUtilities.DefaultOptions),
        });

    private static AIFunctionFactoryOptions.ParameterBindingOptions Binding(ParameterInfo parameter, IServiceProviderIsService services)
    {
        if (parameter.ParameterType == typeof(ChatRunContext))
        {
            return FilledIn((_, arguments) => arguments.Context![typeof(ChatRunContext)]);
        }

        if (parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is { } keyed)
        {
            return FilledIn((_, arguments) => parameter.HasDefaultValue
                ? ((IKeyedServiceProvider)arguments.Services!).GetKeyedService(parameter.ParameterType, keyed.Key) ?? parameter.DefaultValue
                : arguments.Services!.GetRequiredKeyedService(parameter.ParameterType, keyed.Key));
        }

        if (IsService(parameter, services))
        {
            return FilledIn((_, arguments) => parameter.HasDefaultValue
                ? arguments.Services!.GetService(parameter.ParameterType) ?? parameter.DefaultValue
                : arguments.Services!.GetRequiredService(parameter.ParameterType));
        }

        return IsFilledInByTheFactory(parameter.ParameterType) ? default : new() { BindParameter = FromModel };
    }

    /// <summary>What cannot be read is told to the model by the parameter's name: why, it can mend.</summary>
    /// <exception cref="ChatToolException"/>
    private static object? FromModel(ParameterInfo parameter, AIFunctionArguments arguments)
    {
        if (!arguments.TryGetValue(parameter.Name!, out var given))
        {
            return parameter.HasDefaultValue ? parameter.DefaultValue : throw new ChatToolException($"The arguments do not fit. {parameter.Name}: is missing.");
        }

        if (given is not JsonElement json)
        {
            return given;
        }

        try
        {
            return Read(json, parameter.ParameterType);
        }
        catch (Exception ex) when (ex is JsonException or FormatException or ArgumentException)
        {
            var at = (ex as JsonException)?.Path is ['$', .. var path] ? path : "";
            throw new ChatToolException($"The arguments do not fit. {parameter.Name}{at}: cannot be read as {NameOf(parameter.ParameterType)}, got {SchemaWords.Excerpt(json)}.");
        }
    }

    /// <summary>A string is read as the JSON in it where no string is wanted: models send 42 as "42", and objects as their text.</summary>
    private static object? Read(JsonElement json, Type type)
    {
        if (json.ValueKind == JsonValueKind.String && type != typeof(string))
        {
            try
            {
                return JsonSerializer.Deserialize(json.GetString()!, type, AIJsonUtilities.DefaultOptions);
            }
            catch (JsonException)
            {
                // No JSON of that type is in it: it may be one itself, such as a date.
            }
        }

        return json.Deserialize(type, AIJsonUtilities.DefaultOptions);
    }

    private static string NameOf(Type type) => Nullable.GetUnderlyingType(type) is { } inner ? NameOf(inner) : type.Name;

    /// <summary>A list of services has to say so with <c>[FromServices]</c>: the container has an empty one of every type.</summary>
    private static bool IsService(ParameterInfo parameter, IServiceProviderIsService services) =>
        parameter.GetCustomAttributes().OfType<IFromServiceMetadata>().Any()
        || (services.IsService(parameter.ParameterType) && !IsFilledInByTheFactory(parameter.ParameterType)
            && !(parameter.ParameterType.IsGenericType && parameter.ParameterType.GetGenericTypeDefinition() == typeof(IEnumerable<>)));

    private static bool IsFilledInByTheFactory(Type type) =>
        type == typeof(IServiceProvider) || type == typeof(CancellationToken) || type == typeof(AIFunctionArguments);

    private static AIFunctionFactoryOptions.ParameterBindingOptions FilledIn(Func<ParameterInfo, AIFunctionArguments, object?> bind) =>
        new() { ExcludeFromSchema = true, BindParameter = bind };
}
