using System.Diagnostics;
using System.Threading.Channels;

namespace Turnpike.Cli.Demo;

/// <summary>A program that the demo started. Its output is read line by line, and it ends with the demo.</summary>
internal sealed class ChildProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _output = Channel.CreateUnbounded<string>();
    private readonly Channel<string> _error = Channel.CreateUnbounded<string>();

    private ChildProgram(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Pass(line.Data, _output);
        process.ErrorDataReceived += (_, line) => Pass(line.Data, _error);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public static ChildProgram Start(string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return new ChildProgram(Process.Start(start) ?? throw new DemoFailure($"cannot start {program}"));
    }

    /// <summary>Runs this very program with other arguments.</summary>
    public static ChildProgram StartSelf(params string[] arguments)
    {
        var self = Environment.ProcessPath ?? throw new DemoFailure("the path of this program is not known");
        var isHost = Path.GetFileNameWithoutExtension(self) == "dotnet";
        return isHost ? Start(self, [typeof(ChildProgram).Assembly.Location, .. arguments]) : Start(self, arguments);
    }

    /// <summary>Returns the rest of the first line of standard output that starts with <paramref name="prefix"/>.</summary>
    public Task<string> OutputLineAsync(string prefix, CancellationToken cancellationToken) =>
        LineAsync(_output, prefix, cancellationToken);

    /// <summary>
    /// Returns the lines of standard error that start with <paramref name="prefix"/>, until each of <paramref name="texts"/> has occurred.
    /// </summary>
    public async Task<IReadOnlyList<string>> ErrorLinesAsync(
        string prefix, IEnumerable<string> texts, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        var missing = texts.ToList();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            while (missing.Count > 0)
            {
                var line = await _error.Reader.ReadAsync(limit.Token);
                if (!line.StartsWith(prefix, StringComparison.Ordinal))
                    continue;
                lines.Add(line);
                missing.RemoveAll(text => line.Contains(text, StringComparison.Ordinal));
            }
            return lines;
        }
        catch (Exception e) when (e is ChannelClosedException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new DemoFailure($"the program did not print \"{missing[0]}\"");
        }
    }

    /// <summary>Waits for the end. Returns standard output and the exit code.</summary>
    public async Task<(string Output, int ExitCode)> CompleteAsync(CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        await foreach (var line in _output.Reader.ReadAllAsync(cancellationToken))
            lines.Add(line);
        await _process.WaitForExitAsync(cancellationToken);
        return (string.Join('\n', lines), _process.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }
        _process.Dispose();
    }

    private async Task<string> LineAsync(Channel<string> lines, string prefix, CancellationToken cancellationToken)
    {
        await foreach (var line in lines.Reader.ReadAllAsync(cancellationToken))
        {
            if (line.StartsWith(prefix, StringComparison.Ordinal))
                return line[prefix.Length..].Trim();
        }
        var said = new List<string>();
        while (_error.Reader.TryRead(out var line))
            said.Add(line);
        throw new DemoFailure($"the program ended without printing \"{prefix}\": {string.Join("; ", said)}");
    }

    private static void Pass(string? line, Channel<string> lines)
    {
        if (line is null)
            lines.Writer.TryComplete();
        else
            lines.Writer.TryWrite(line);
    }
}
