using System.Collections.Concurrent;

namespace Turnpike.Cli.Serving;

/// <summary>
/// Queues lines for a writer whose reader may be slow, or may have stopped the terminal, so that the caller never waits. When too many
/// lines wait,
/// further ones are dropped.
/// </summary>
internal sealed class LineQueue : IDisposable
{
    private const int MaxLines = 1024;

    /// <summary>The time for the remaining lines at the end.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly BlockingCollection<string> _lines = new(MaxLines);
    private readonly TextWriter _writer;
    private readonly Thread _thread;

    public LineQueue(TextWriter writer)
    {
        _writer = writer;
        _thread = new Thread(Run) { IsBackground = true, Name = "lines" };
        _thread.Start();
    }

    public void Say(string line) => _lines.TryAdd(line);

    /// <inheritdoc/>
    public void Dispose()
    {
        _lines.CompleteAdding();
        if (_thread.Join(LastWords))
            _lines.Dispose();
    }

    private void Run()
    {
        try
        {
            foreach (var line in _lines.GetConsumingEnumerable())
            {
                _writer.WriteLine(line);
                _writer.Flush();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The reader is gone, so that the rest of the lines cannot be written.
        }
    }
}
