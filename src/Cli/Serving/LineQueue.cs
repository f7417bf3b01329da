using System.Collections.Concurrent;

namespace Turnpike.Cli.Serving;

/// <summary>
/// Lines on their way to a writer whose reader may be slow, or may have stopped the terminal: whoever says something never waits. Where
/// too many wait, further ones are left out.
/// </summary>
internal sealed class LineQueue : IDisposable
{
    private const int MaxLines = 1024;

    /// <summary>For what is still to be said at the end.</summary>
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
            // Nobody reads it any more.
        }
    }
}
