using System.Reflection;
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
        method, new AIFunctionFactoryOptions { Name = name, ConfigureParameterBinding = parameter => Binding(parameter, services) });

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

        return default;
    }

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
