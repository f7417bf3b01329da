using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Turnpike.Tests.Httpbin;

public sealed class ProgramTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Program_SaysWhereItListens_AndStopsOnSigterm()
    {
        using var process = Start("--port", "0", "--http2-port=0", "--version-label", "v2");
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(Cancellation);
            var address = new Uri(Assert.IsType<string>(line).Replace("listening on ", "", StringComparison.Ordinal));
            var secondLine = await process.StandardOutput.ReadLineAsync(Cancellation);
            Assert.StartsWith("listening on http://127.0.0.1:", secondLine, StringComparison.Ordinal);

            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            using var response = await client.GetAsync(new Uri(address, "/anything"), Cancellation);
            Assert.Equal("v2", Assert.Single(response.Headers.GetValues("X-Httpbin-Version")));
            Assert.Contains("\"version\": \"v2\"", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);

            using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
                await kill.WaitForExitAsync(Cancellation);
            await process.WaitForExitAsync(Cancellation).WaitAsync(TimeSpan.FromMinutes(1), Cancellation);
            Assert.Equal(0, process.ExitCode);
            Assert.Equal("", await process.StandardError.ReadToEndAsync(Cancellation));
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    [Theory]
    [InlineData("--port: \"http\" is not a port from 0 to 65535", "--port", "http")]
    [InlineData("--http2-port: \"65536\" is not a port from 0 to 65535", "--http2-port=65536")]
    [InlineData("--address: \"here\" is not an IP address", "--address", "here")]
    [InlineData("--version-label: \"a b\" cannot stand in a header: only visible ASCII, no spaces", "--version-label", "a b")]
    [InlineData("--port: needs a value", "--port")]
    [InlineData("unknown argument \"-p\"", "-p")]
    public async Task Program_Rejects_AWrongFlag(string message, params string[] args)
    {
        using var process = Start(args);
        var error = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);

        Assert.Equal(2, process.ExitCode);
        Assert.StartsWith($"httpbin: {message}\n", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_Says_WhenThePortIsTaken()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var process = Start("--port", ((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture));
        var error = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);

        Assert.Equal(1, process.ExitCode);
        Assert.StartsWith("httpbin: cannot listen: ", error, StringComparison.Ordinal);
    }

    private static Process Start(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "httpbin.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }
}
