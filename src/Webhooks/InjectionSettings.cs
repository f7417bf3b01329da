using System.Text.Json;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Hosting.Api;
using Turnpike.Injector;
using Turnpike.Injector.Config;

namespace Turnpike.Webhooks;

/// <summary>
/// How pods are injected, as ConfigMap <c>istio-inject</c> says. Follows its changes; a version that is not valid is reported and
/// the last good one stays. Without the ConfigMap the built-in configuration counts.
/// </summary>
public sealed partial class InjectionSettings(ILogger<InjectionSettings> log)
{
    private volatile InjectConfig _config = InjectConfig.Default;

    public InjectConfig Config => _config;

    public InjectOptions Options { get; set; } = new();

    /// <summary>Takes in the ConfigMap as it now is; null where it is gone.</summary>
    public void Take(string? text)
    {
        if (text is null)
        {
            _config = InjectConfig.Default;
            LogDefault(log);
            return;
        }
        var read = InjectConfigReader.Read(text);
        foreach (var warning in read.Warnings)
            LogWarning(log, warning);
        if (read.Value is { } config)
        {
            _config = config;
            LogTaken(log);
        }
        else
        {
            LogRefused(log, string.Join("; ", read.Errors));
        }
    }

    /// <summary>The text of the key <c>config</c>; null where the ConfigMap has none.</summary>
    public static string? TextOf(JsonElement configMap) => configMap.Child("data")?.Text(Names.InjectConfigKey);

    [LoggerMessage(1, LogLevel.Information, "ConfigMap istio-inject is in force")]
    private static partial void LogTaken(ILogger logger);

    [LoggerMessage(2, LogLevel.Information, "There is no ConfigMap istio-inject: the built-in configuration is in force")]
    private static partial void LogDefault(ILogger logger);

    [LoggerMessage(3, LogLevel.Error, "ConfigMap istio-inject is not valid, the last good version stays: {Faults}")]
    private static partial void LogRefused(ILogger logger, string faults);

    [LoggerMessage(4, LogLevel.Warning, "ConfigMap istio-inject: {Warning}")]
    private static partial void LogWarning(ILogger logger, string warning);
}
