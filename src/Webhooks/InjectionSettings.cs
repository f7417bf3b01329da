using System.Text.Json;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Hosting.Api;
using Turnpike.Injector.Config;

namespace Turnpike.Webhooks;

/// <summary>
/// How pods are injected, as the ConfigMap that the profile names says. Follows its changes; a version that is not valid is reported and
/// the last good one stays. Without the ConfigMap the built-in configuration counts.
/// </summary>
public sealed partial class InjectionSettings(Profile profile, ILogger<InjectionSettings> log)
{
    private volatile InjectConfig _config = InjectConfig.Of(profile);

    public InjectConfig Config => _config;

    /// <summary>Takes in the ConfigMap as it now is; null where it is gone.</summary>
    public void Take(string? text)
    {
        if (text is null)
        {
            _config = InjectConfig.Of(profile);
            LogDefault(log, profile.InjectConfigMap);
            return;
        }
        var read = InjectConfigReader.Read(text, profile);
        foreach (var warning in read.Warnings)
            LogWarning(log, profile.InjectConfigMap, warning);
        if (read.Value is { } config)
        {
            _config = config;
            LogTaken(log, profile.InjectConfigMap);
        }
        else
        {
            LogRefused(log, profile.InjectConfigMap, string.Join("; ", read.Errors));
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
