using System.Text.Json;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Hosting.Client;
using Turnpike.Injector.Config;

namespace Turnpike.Webhooks;

/// <summary>
/// The injection settings, from the ConfigMap that the profile names. An invalid version is logged, and the last good one stays in force.
/// Without the ConfigMap, the built-in settings are in force.
/// </summary>
/// <param name="defaults">The built-in settings, which also apply to keys that the ConfigMap leaves out.</param>
/// <param name="log">The log of changes and faults.</param>
public sealed partial class InjectionSettings(InjectConfig defaults, ILogger<InjectionSettings> log)
{
    private readonly InjectConfig _defaults = defaults;
    private volatile InjectConfig _config = defaults;

    public InjectConfig Config => _config;

    /// <summary>Applies the text of the ConfigMap, or null when it has been deleted.</summary>
    public void Update(string? text)
    {
        if (text is null)
        {
            _config = _defaults;
            LogDefault(log, _defaults.Profile.InjectConfigMap);
            return;
        }
        var read = InjectConfigReader.Read(text, _defaults);
        foreach (var warning in read.Warnings)
            LogWarning(log, _defaults.Profile.InjectConfigMap, warning);
        if (read.Value is { } config)
        {
            _config = config;
            LogTaken(log, _defaults.Profile.InjectConfigMap);
        }
        else
        {
            LogRefused(log, _defaults.Profile.InjectConfigMap, string.Join("; ", read.Errors));
        }
    }

    /// <summary>Returns the text of the key <c>config</c>, or null when the ConfigMap has none.</summary>
    public static string? TextOf(JsonElement configMap) => configMap.Child("data")?.Text(Names.InjectConfigKey);

    [LoggerMessage(1, LogLevel.Information, "ConfigMap {Name} is in force")]
    private static partial void LogTaken(ILogger logger, string name);

    [LoggerMessage(2, LogLevel.Information, "ConfigMap {Name} does not exist, the built-in settings are in force")]
    private static partial void LogDefault(ILogger logger, string name);

    [LoggerMessage(3, LogLevel.Error, "ConfigMap {Name} is not valid, the last good version stays in force: {Faults}")]
    private static partial void LogRefused(ILogger logger, string name, string faults);

    [LoggerMessage(4, LogLevel.Warning, "ConfigMap {Name}: {Warning}")]
    private static partial void LogWarning(ILogger logger, string name, string warning);
}
