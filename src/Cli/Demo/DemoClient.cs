using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Turnpike.Cli.Demo;

internal sealed record DemoAnswer(int Status, string Body, TimeSpan Elapsed, string? CertificateSubject);

/// <summary>Plays curl: fresh connections, any certificate accepted (<c>-k</c>) and remembered.</summary>
internal sealed class DemoClient : IDisposable
{
    private readonly TimeProvider _time;
    private readonly HttpClient _client;
    private string? _subject;

    public DemoClient(TimeProvider time)
    {
        _time = time;
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero, UseProxy = false };
#pragma warning disable CA5359 // The -k of the document: the certificate is self-signed, made by this very demo, and looked at by the caller.
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

    /// <summary>Asks until the answer is as wanted.</summary>
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
                throw new DemoFailure($"{what} is not in force after {elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s; {url} answers {answer.Status}");
            await Task.Delay(TimeSpan.FromMilliseconds(5), _time, cancellationToken);
        }
    }

    public void Dispose() => _client.Dispose();

    public static bool IsOk(DemoAnswer answer) => answer.Status == (int)HttpStatusCode.OK;
}
