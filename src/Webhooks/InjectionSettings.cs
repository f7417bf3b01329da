using System.Text.Json;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Hosting.Client;
using Turnpike.Injector.Config;

namespace Turnpike.Webhooks;

/// <summary>
/// How pods are injected, as the ConfigMap that the profile names says. Follows its changes; a version that is not valid is reported and
/// the last good one stays. Without the ConfigMap the built-in configuration counts.
/// </summary>
/// <param name="defaults">That configuration, which also counts for what the ConfigMap leaves out.</param>
/// <param name="log">Where changes and faults are told.</param>
public sealed partial class InjectionSettings(InjectConfig defaults, ILogger<InjectionSettings> log)
{
    private readonly InjectConfig _defaults = defaults;
    private volatile InjectConfig _config = defaults;

    public InjectConfig Config => _config;

    /// <summary>Takes in the ConfigMap as it now is; null where it is gone.</summary>
    public void Take(string? text)
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

    /// <summary>The text of the key <c>config</c>; null where the ConfigMap has none.</summary>
    public static string? TextOf(JsonElement configMap) => configMap.Child("data")?.Text(Names.InjectConfigKey);

    [LoggerMessage(1, LogLevel.Information, "ConfigMap {Name} is in force")]
    private static partial void LogTaken(ILogger logger, string name);

    [LoggerMessage(2, LogLevel.Information, "There is no ConfigMap {Name}: the built-in configuration is in force")]
    private static partial void LogDefault(ILogger logger, string name);

    [LoggerMessage(3, LogLevel.Error, "ConfigMap {Name} is not valid, the last good version stays: {Faults}")]
    private static partial void LogRefused(ILogger logger, string name, string faults);

    [LoggerMessage(4, LogLevel.Warning, "ConfigMap {Name}: {Warning}")]
    private static partial void LogWarning(ILogger logger, string name, string warning);
}
