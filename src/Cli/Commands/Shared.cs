using System.CommandLine;
using Turnpike.Cli.Cluster;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Reading;

namespace Turnpike.Cli.Commands;

/// <summary>The options that several commands share.</summary>
internal static class Shared
{
    private const string Text = "text";
    private const string Json = "json";

    public static Option<string> ConfigDir() => new("--config-dir")
    {
        Description = "The directory of manifests (*.yaml, *.yml, *.json): Ingress, RouteRule, Service, EndpointSlice, Endpoints, Pod, "
            + "Secret, Namespace, IngressClass, ConfigMap istio (turnpike in the standalone profile).",
        HelpName = "DIR",
        Required = true,
    };

    /// <summary>Returns the option that selects text or JSON.</summary>
    public static Option<string> Format()
    {
        var format = new Option<string>("--output", "-o")
        {
            Description = "The output format.",
            HelpName = $"{Text}|{Json}",
            DefaultValueFactory = _ => Text,
        };
        format.AcceptOnlyFromAmong(Text, Json);
        return format;
    }

    public static bool IsJson(ParseResult parsed, Option<string> format) => parsed.GetValue(format) == Json;

    /// <summary>
    /// Prints the parts of an installation and returns the exit code for their state. If the cluster cannot be reached, the state is not
    /// known, and the
    /// exit code must not suggest that a part is broken.
    /// </summary>
    public static async Task<int> PrintPartsAsync(
        ParseResult parsed,
        GlobalOptions globals,
        Option<string> format,
        Func<ClusterAccess, Task<IReadOnlyList<StatusPart>>> read)
    {
        try
        {
            using var cluster = globals.Open(parsed);
            var parts = await read(cluster);
            var text = IsJson(parsed, format) ? StatusPrinter.Json(cluster.Server, parts) : StatusPrinter.Text(parts);
            await parsed.InvocationConfiguration.Output.WriteAsync(text);
            return StatusPrinter.ExitCode(parts);
        }
        catch (CommandException e)
        {
            throw e.With(ExitCodes.CannotTell);
        }
    }

    /// <summary>Returns an option whose value is a duration greater than zero.</summary>
    public static Option<string> Duration(string name, string fallback, string description)
    {
        var option = new Option<string>(name) { Description = description, HelpName = "DURATION", DefaultValueFactory = _ => fallback };
        option.Validators.Add(result =>
        {
            if (result.Tokens is not [var token])
                return;
            if (!GoDuration.TryParse(token.Value, out var duration, out var fault))
                result.AddError($"{name}: \"{token.Value}\" {fault}");
            else if (duration.Nanoseconds <= 0)
                result.AddError($"{name}: \"{token.Value}\" must be greater than zero");
        });
        return option;
    }

    public static TimeSpan DurationOf(ParseResult parsed, Option<string> option) =>
        GoDuration.TryParse(parsed.GetValue(option)!, out var duration, out _)
            ? duration.TimeSpan
            : throw new InvalidOperationException($"{option.Name} was not validated");

    public static Option<int> Port(string name, int port, string description)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "PORT", DefaultValueFactory = _ => port };
        option.Validators.Add(result =>
        {
            if (result.GetValue(option) is < 0 or > 65535)
                result.AddError($"{name} must be between 0 and 65535; 0 chooses a free port");
        });
        return option;
    }
}
