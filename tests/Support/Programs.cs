using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Turnpike.Tests.Support;

/// <summary>One call of a program and what it wrote.</summary>
public sealed record ProgramRun(string CommandLine, int ExitCode, string Output, string Error)
{
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The output of a call that must have succeeded.</summary>
    public string Expect()
    {
        Assert.True(ExitCode == 0, $"{CommandLine} ended with {ExitCode}: {Error}{Output}");
        return Output;
    }
}

/// <summary>Runs programs, each within a time limit.</summary>
internal static class Programs
{
    // The output that is in the pipes when the program has ended. A process that it left behind may keep the pipes open for ever.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Runs a program to its end. One that takes longer is killed with its children, and fails the test with what it wrote.
    /// </summary>
    public static async Task<ProgramRun> RunAsync(
        ProcessStartInfo start, TimeSpan limit, string? input = null, CancellationToken ct = default)
    {
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        var commandLine = string.Join(' ', start.ArgumentList.Prepend(start.FileName));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        over.CancelAfter(limit);
        using var reading = new CancellationTokenSource();
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} does not start");
        var (output, error) = (new Captured(process.StandardOutput, reading.Token), new Captured(process.StandardError, reading.Token));
        var ended = true;
        try
        {
            if (input is not null)
                await process.StandardInput.WriteAsync(input.AsMemory(), over.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(over.Token);
        }
        catch (OperationCanceledException)
        {
            ended = false;
            process.Kill(entireProcessTree: true);
        }
        reading.CancelAfter(Rest);
        await Task.WhenAll(output.Done, error.Done).WaitAsync(Rest * 2, CancellationToken.None);
        ct.ThrowIfCancellationRequested();
        if (!ended)
        {
            var seconds = limit.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            Assert.Fail($"{commandLine} did not end within {seconds} s: {output}{error}");
        }
        return new ProgramRun(commandLine, process.ExitCode, output.ToString(), error.ToString());
    }

    /// <summary>What came from a pipe so far.</summary>
    private sealed class Captured
    {
        private readonly StringBuilder _text = new();

        public Captured(StreamReader reader, CancellationToken ct) => Done = ReadAsync(reader, ct);

        public Task Done { get; }

        public override string ToString()
        {
            lock (_text)
                return _text.ToString();
        }

        private async Task ReadAsync(StreamReader reader, CancellationToken ct)
        {
            var buffer = new char[4096];
            try
            {
                while (await reader.ReadAsync(buffer, ct) is > 0 and var count)
                {
                    lock (_text)
                        _text.Append(buffer, 0, count);
                }
            }
            catch (OperationCanceledException)
            {
                // The program has ended, and something that it left behind holds the pipe.
            }
        }
    }
}
