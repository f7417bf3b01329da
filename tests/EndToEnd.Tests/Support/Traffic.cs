using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Turnpike.Tests.EndToEnd.Support;

/// <summary>Clients that send requests all the time, each one after the other at a pace that leaves the machine to others, until disposed of.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _failures = [];
    private readonly ConcurrentDictionary<string, bool> _waiting = [];
    private readonly Task _running;
    private long _sent;
    private long _slowest;

    private Traffic((string Client, Func<Task<EdgeAnswer>> Request)[] clients) => _running = Task.WhenAll(clients.Select(c => RunAsync(c.Client, c.Request)));

    /// <param name="clients">What each is called, and its request.</param>
    public static Traffic Start(params (string Client, Func<Task<EdgeAnswer>> Request)[] clients) => new(clients);

    /// <summary>Waits until so many more requests got a response; fails when any request has failed since the start.</summary>
    public async Task PassAsync(int count)
    {
        var target = Interlocked.Read(ref _sent) + count;
        await Wait.UntilSeen($"{count} more requests", TimeSpan.FromSeconds(60), () => Task.FromResult(Interlocked.Read(ref _sent)), sent => sent >= target);
        if (!_failures.IsEmpty)
            Assert.Fail($"{_failures.Count} of {_sent} requests failed, first: {string.Join("; ", _failures.Take(3))}");
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{_sent} requests, {_failures.Count} failed, slowest {TimeSpan.FromTicks(_slowest).TotalMilliseconds:0} ms");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        // A request has a time limit of its own. A client that is not back after that would keep the story waiting for ever.
        if (await Task.WhenAny(_running, Wait.Lasting(Patience, CancellationToken.None)) != _running)
            Assert.Fail($"these clients still wait for a response {Patience} after the last request: {string.Join(", ", _waiting.Keys)}");
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync(string client, Func<Task<EdgeAnswer>> request)
    {
        var started = Stopwatch.GetTimestamp();
        using var pace = new PeriodicTimer(Pace);
        while (!_stop.IsCancellationRequested)
        {
            await pace.WaitForNextTickAsync(CancellationToken.None);
            var at = Stopwatch.GetElapsedTime(started);
            try
            {
                _waiting[client] = true;
                var answer = await request();
                if (answer.Status != 200)
                    _failures.Enqueue($"{client}, after {at}: {answer}");
                InterlockedMax(answer.Elapsed.Ticks);
            }
            catch (Exception e)
            {
                _failures.Enqueue($"{client}, after {at} (at {TimeProvider.System.GetUtcNow():HH:mm:ss.fff} given up): {e.Message}");
            }
            _waiting.Remove(client, out _);
            Interlocked.Increment(ref _sent);
        }
    }

    private void InterlockedMax(long ticks)
    {
        for (var seen = Interlocked.Read(ref _slowest); ticks > seen;)
        {
            var was = Interlocked.CompareExchange(ref _slowest, ticks, seen);
            if (was == seen)
                return;
            seen = was;
        }
    }
}
