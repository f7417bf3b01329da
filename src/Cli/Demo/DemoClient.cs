using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Turnpike.Cli.Demo;

internal sealed record DemoAnswer(int Status, string Body, TimeSpan Elapsed, string? CertificateSubject);

/// <summary>Acts like curl: it uses new connections, and accepts every certificate (<c>-k</c>) and remembers it.</summary>
internal sealed class DemoClient : IDisposable
{
    private readonly TimeProvider _time;
    private readonly HttpClient _client;
    private string? _subject;

    public DemoClient(TimeProvider time)
    {
        _time = time;
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero, UseProxy = false };
#pragma warning disable CA5359 // As with -k, the certificate is not verified: the demo itself made it, and the caller checks its subject.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            _subject = (certificate as X509Certificate2)?.Subject ?? certificate?.Subject;
            return true;
        };
#pragma warning restore CA5359
        _client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30) };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("curl/8");
        _client.DefaultRequestHeaders.Accept.ParseAdd("*/*");
    }

    public async Task<DemoAnswer> GetAsync(string url, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        using var response = await _client.GetAsync(new Uri(url), cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        return new DemoAnswer((int)response.StatusCode, body, _time.GetElapsedTime(started), _subject);
    }

    /// <summary>Repeats a request until the response is as wanted.</summary>
    public async Task<TimeSpan> UntilAsync(string url, Func<DemoAnswer, bool> wanted, string what, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        while (true)
        {
            var answer = await GetAsync(url, cancellationToken);
            var elapsed = _time.GetElapsedTime(started);
            if (wanted(answer))
                return elapsed;
            if (elapsed > TimeSpan.FromSeconds(5))
            {
                var seconds = elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
                throw new DemoFailure($"{what} has no effect after {seconds} s; the response of {url} is {answer.Status}");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(5), _time, cancellationToken);
        }
    }

    public void Dispose() => _client.Dispose();

    public static bool IsOk(DemoAnswer answer) => answer.Status == (int)HttpStatusCode.OK;
}
