using System.Globalization;
using System.Net;

namespace Turnpike.Samples.Httpbin;

/// <summary>The program's flags. A flag takes precedence over its environment variable.</summary>
internal static class CommandLine
{
    internal const string Usage = """
        usage: httpbin [--port 8000] [--address 127.0.0.1] [--http2-port PORT] [--version-label LABEL] [--log-requests]

          --port           HTTP/1.1 port, 0 for any free one (default 8000)
          --address        IP address to listen on (default 127.0.0.1)
          --http2-port     also listen for cleartext HTTP/2 with prior knowledge
          --version-label  shown as header X-Httpbin-Version and in /anything (or HTTPBIN_VERSION_LABEL)
          --log-requests   a line on standard output for each request: method, host and target

        """;

    /// <summary>Reads flags as <c>--name value</c> or <c>--name=value</c>.</summary>
    /// <exception cref="FormatException">A flag is unknown or its value is wrong. The message names it and says what is right.</exception>
    internal static HttpbinOptions Parse(IReadOnlyList<string> args, string? versionLabel)
    {
        var options = new HttpbinOptions { Port = 8000, VersionLabel = string.IsNullOrEmpty(versionLabel) ? null : versionLabel };
        for (var i = 0; i < args.Count; i++)
        {
            if (args[i] == "--log-requests")
            {
                options = options with { RequestLog = Console.Out };
                continue;
            }

            var (name, value) = args[i].Split('=', 2) is [var left, var right] ? (left, right) : (args[i], null);
            if (name is not ("--port" or "--address" or "--http2-port" or "--version-label"))
                throw new FormatException($"unknown argument \"{args[i]}\"");

            value ??= ++i < args.Count ? args[i] : throw new FormatException($"{name}: needs a value");
            options = name switch
            {
                "--port" => options with { Port = Port(name, value) },
                "--http2-port" => options with { Http2Port = Port(name, value) },
                "--address" => options with { Address = Address(name, value) },
                _ => options with { VersionLabel = Label(name, value) },
            };
        }

        return options;
    }

    private static int Port(string name, string value) =>
        ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? port
            : throw new FormatException($"{name}: \"{value}\" is not a port from 0 to 65535");

    private static IPAddress Address(string name, string value) =>
        IPAddress.TryParse(value, out var address)
            ? address
            : throw new FormatException($"{name}: \"{value}\" is not an IP address");

    private static string Label(string name, string value) =>
        value.Length > 0 && value.All(c => c is > ' ' and < '\x7f')
            ? value
            : throw new FormatException($"{name}: \"{value}\" cannot stand in a header: only visible ASCII, no spaces");
}
