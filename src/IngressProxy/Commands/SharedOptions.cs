using System.CommandLine;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Turnpike.IngressProxy.AccessLog;

namespace Turnpike.IngressProxy.Commands;

/// <summary>The options that several commands have.</summary>
internal static class SharedOptions
{
    public static Option<LogLevel> Level() => new("--log-level")
    {
        Description = "lowest severity that is logged",
        DefaultValueFactory = _ => LogLevel.Information,
    };

    public static Option<AccessLogFormat> AccessLog() => new("--access-log")
    {
        Description = "log a line for each request to standard output, with its path and without its query",
        HelpName = "off|text|json",
        DefaultValueFactory = _ => AccessLogFormat.Off,
        CustomParser = result =>
        {
            switch (result.Tokens[0].Value)
            {
                case "off":
                    return AccessLogFormat.Off;
                case "text":
                    return AccessLogFormat.Text;
                case "json":
                    return AccessLogFormat.Json;
                default:
                    result.AddError($"--access-log '{result.Tokens[0].Value}' is not one of off, text, json");
                    return AccessLogFormat.Off;
            }
        },
    };

    public static Option<int> Port(string name, int port, string description)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => port };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var given) && given is < 0 or > 65535)
                result.AddError($"{name} {given}: a port is 0 to 65535");
        });
        return option;
    }

    /// <summary>The port for the kubelet and Prometheus. It is the same in a sidecar and in the ingress.</summary>
    public static Option<int> Status() => Port("--status-port", 15020, "port for /ready, /live and /metrics");

    public static Option<T> Seconds<T>(string name, string description, T seconds) =>
        new(name) { Description = description, DefaultValueFactory = _ => seconds };

    public static Option<IPAddress> Address(string name, IPAddress address, string description) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => address,
        CustomParser = result =>
        {
            if (IPAddress.TryParse(result.Tokens[0].Value, out var given))
                return given;
            result.AddError($"{name} '{result.Tokens[0].Value}' is not an IP address");
            return null;
        },
    };

    public static ILoggerFactory CreateLoggers(LogLevel level) => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(level)
        .AddFilter("Microsoft", level > LogLevel.Warning ? level : LogLevel.Warning)
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        })
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
}
