using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Turnpike.Tests.Integration.Support;

/// <summary>A log file that outlives the tests, so that a failure can be examined afterwards.</summary>
internal sealed class FileLog : ILoggerProvider
{
    private readonly StreamWriter _file;
    private readonly Lock _gate = new();

    public FileLog(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _file = new StreamWriter(path, append: false) { AutoFlush = true };
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
        lock (_gate)
            _file.Dispose();
    }

    private void Write(LogLevel level, string category, string message, Exception? failure)
    {
        lock (_gate)
        {
            if (_file.BaseStream.CanWrite)
            {
                _file.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {level} {category}: {message} {failure}"));
            }
        }
    }

    private sealed class Logger(FileLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => log.Write(logLevel, category, formatter(state, exception), exception);
    }
}
