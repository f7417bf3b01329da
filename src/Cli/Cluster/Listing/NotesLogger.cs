using Microsoft.Extensions.Logging;

namespace Turnpike.Cli.Cluster.Listing;

/// <summary>Prints the warnings of the operator's runtime for the user of a command, one line each.</summary>
internal sealed class NotesLogger<T>(TextWriter notes) : ILogger<T>
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            notes.WriteLine($"warning: {CommandException.OneLine(formatter(state, exception))}");
    }
}
