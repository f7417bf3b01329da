using System.Text;
using Turnpike.Cli;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Cli;

/// <summary>A command line that goes on until it is ended, and what it has written so far.</summary>
internal sealed class WatchRun : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly Written _output = new();
    private readonly Task<int> _run;

    public WatchRun(string kubeconfig, params string[] arguments)
    {
        var process = new ProcessContext { Variable = name => name == "KUBECONFIG" ? kubeconfig : null };
        _run = CommandLine.RunAsync(arguments, process, _output, TextWriter.Synchronized(new StringWriter()), _stop.Token);
    }

    public string Output => _output.ToString();

    /// <summary>Waits until the output has that text.</summary>
    public async Task Until(string text)
    {
        await Wait.For(
            _ => Task.FromResult(Output),
            output => output.Contains(text, StringComparison.Ordinal) || _run.IsCompleted,
            $"\"{text}\" in the output",
            Patience);
        Assert.Contains(text, Output, StringComparison.Ordinal);
    }

    /// <summary>Interrupts it.</summary>
    public async Task<int> End()
    {
        await _stop.CancelAsync();
        return await _run.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    /// <summary>May be read while it is written.</summary>
    private sealed class Written : TextWriter
    {
        private readonly StringBuilder _text = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value)
        {
            lock (_text)
                _text.Append(value);
        }

        public override void Write(string? value)
        {
            lock (_text)
                _text.Append(value);
        }

        public override string ToString()
        {
            lock (_text)
                return _text.ToString();
        }
    }
}
