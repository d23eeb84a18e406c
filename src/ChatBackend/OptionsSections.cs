using ChatBackend.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace ChatBackend;

/// <summary>The sections of <see cref="ChatBackendOptions"/> as options of their own: the same objects, each validated by itself at the start.</summary>
internal static class OptionsSections
{
    public static OptionsBuilder<TSection> AddSection<TSection>(this IServiceCollection services, Func<ChatBackendOptions, TSection> section)
        where TSection : class
    {
        services.AddChatBackendOptions();
        services.TryAddSingleton<IOptionsFactory<TSection>>(provider => ActivatorUtilities.CreateInstance<Factory<TSection>>(provider, section));
        return services.AddOptions<TSection>().ValidateOnStart();
    }

    public static void AddChatBackendOptions(this IServiceCollection services)
    {
        services.AddOptions();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<ChatBackendOptions>, FromConfiguration>());
    }

    /// <summary>First, so that what code sets wins.</summary>
    private sealed class FromConfiguration(IConfiguration configuration) : IConfigureOptions<ChatBackendOptions>
    {
        public void Configure(ChatBackendOptions options)
        {
            configuration.Bind(options);
            options.Agents.List = ConfiguredAgents.Read(configuration.GetSection($"{AgentsOptions.Section}:{nameof(AgentsOptions.List)}"));
        }
    }

    private sealed class Factory<TSection>(
        Func<ChatBackendOptions, TSection> section, IOptions<ChatBackendOptions> all, IEnumerable<IConfigureOptions<TSection>> setups,
        IEnumerable<IPostConfigureOptions<TSection>> postConfigures, IEnumerable<IValidateOptions<TSection>> validations)
        : OptionsFactory<TSection>(setups, postConfigures, validations)
        where TSection : class
    {
        protected override TSection CreateInstance(string name) => section(all.Value);
    }
}
