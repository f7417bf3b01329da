using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Turnpike.Tests.Attacks.Harness;

/// <summary>The results of a client over a period.</summary>
/// <param name="Sent">Requests that were begun and ended.</param>
/// <param name="Failed">Those that did not come back as they should.</param>
/// <param name="P99">The 99th percentile over all requests, failed ones included.</param>
/// <param name="Failures">The first few, in words.</param>
internal sealed record ProbeFigures(int Sent, int Failed, TimeSpan P99, IReadOnlyList<string> Failures)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Failed} of {Sent} failed, p99 {P99.TotalMilliseconds:0.0} ms");
}

/// <summary>
/// An ordinary client beside an attack: twenty requests a second, each sent at its time whether or not the earlier ones have come
/// back, so that a proxy which stands still is seen to stand still.
/// </summary>
internal sealed class SteadyProbe : IAsyncDisposable
{
    /// <summary>After which a request counts as failed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    private readonly Func<CancellationToken, Task<string?>> _once;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private ConcurrentBag<(TimeSpan Took, string? Failure)> _results = [];

    /// <param name="once">One request; returns what is wrong with what came, or null.</param>
    public SteadyProbe(Func<CancellationToken, Task<string?>> once)
    {
        _once = once;
        _loop = RunAsync();
    }

    /// <summary>GET of a URL by way of a client; 200 is right.</summary>
    public static SteadyProbe Get(HttpClient client, string host) =>
        new(async ct =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/probe") { Headers = { Host = host } };
            using var response = await client.SendAsync(request, ct);
            return (int)response.StatusCode == 200
                ? null
                : $"status {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(ct)}";
        });

    /// <summary>The figures since the last call.</summary>
    public ProbeFigures Take()
    {
        var results = Interlocked.Exchange(ref _results, []).OrderBy(r => r.Took).ToList();
        var failures = results.Where(r => r.Failure is not null).Select(r => r.Failure!).ToList();
        return new ProbeFigures(
            results.Count,
            failures.Count,
            results.Count == 0 ? TimeSpan.Zero : results[(int)Math.Ceiling(results.Count * 0.99) - 1].Took,
            [.. failures.Distinct().Take(5)]);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var running = new List<Task>();
        try
        {
            using var timer = new PeriodicTimer(Period);
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                running.RemoveAll(task => task.IsCompleted);
                running.Add(OnceAsync());
            }
        }
        catch (OperationCanceledException)
        {
        }
        await Task.WhenAll(running);
    }

    private async Task OnceAsync()
    {
        await Task.Yield();
        var started = Stopwatch.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(Patience);
        string? failure;
        try
        {
            failure = await _once(limit.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            if (_stop.IsCancellationRequested)
                return;
            failure = e is OperationCanceledException ? $"nothing within {Patience.TotalSeconds} s" : e.Message;
        }
        _results.Add((Stopwatch.GetElapsedTime(started), failure));
    }
}
