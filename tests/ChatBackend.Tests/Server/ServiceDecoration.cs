using System.Reflection;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;

namespace ChatBackend.Tests.Server;

/// <summary>Puts faults in front of a service of the server's own.</summary>
public static class ServiceDecoration
{
    /// <param name="handle">Gets the service, the name of the method that is called, and the call itself; what it returns is the call's result.</param>
    internal static void Decorate<T>(this IServiceCollection services, Func<T, string, Func<object?>, object?> handle)
        where T : class
    {
        var original = services.Last(service => service.ServiceType == typeof(T) && !service.IsKeyedService);
        services.AddSingleton(provider =>
        {
            var inner = (T)(original.ImplementationInstance
                ?? original.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, original.ImplementationType!));
            return Of(inner, handle);
        });
    }

    internal static T Of<T>(T inner, Func<T, string, Func<object?>, object?> handle)
        where T : class
    {
        var decorator = DispatchProxy.Create<T, Decorator>();
        ((Decorator)(object)decorator).Handle = (method, args) => handle(inner, method.Name, () => Call(inner, method, args));
        return decorator;
    }

    private static object? Call(object inner, MethodInfo method, object?[]? args)
    {
        try
        {
            return method.Invoke(inner, args);
        }
        catch (TargetInvocationException ex)
        {
            ExceptionDispatchInfo.Throw(ex.InnerException!);
            throw;
        }
    }

    /// <summary>Public, since the proxy is made in an assembly of its own.</summary>
    public class Decorator : DispatchProxy
    {
        internal Func<MethodInfo, object?[]?, object?> Handle { get; set; } = null!;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Handle(targetMethod!, args);
    }
}
