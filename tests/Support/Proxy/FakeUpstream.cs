using System.Text;
using Turnpike.Pipeline;

namespace Turnpike.Tests.Support.Proxy;

/// <summary>What a fake upstream saw.</summary>
internal sealed record Sent(UpstreamRequest Request, string Body)
{
    public string Method => Request.Method.Text();

    public string Target => Request.Target.Text();

    public string Host => Request.Host.Text();

    public string? Header(string name) => Request.Headers.Joined(name);
}

/// <summary>Answers as a test says; reads the request's body first.</summary>
internal sealed class FakeUpstream(Func<Sent, CancellationToken, Task<FakeResponse>> answer) : IUpstreamClient
{
    private readonly Lock _lock = new();
    private readonly List<Sent> _requests = [];

    public FakeUpstream(Func<Sent, FakeResponse> answer)
        : this((sent, _) => Task.FromResult(answer(sent)))
    {
    }

    public FakeUpstream(params FakeResponse[] answers)
        : this(new Queue<FakeResponse>(answers))
    {
    }

    private FakeUpstream(Queue<FakeResponse> answers)
        : this(_ => answers.Dequeue())
    {
    }

    public IReadOnlyList<Sent> Requests
    {
        get
        {
            lock (_lock)
                return [.. _requests];
        }
    }

    public Sent Only => Assert.Single(Requests);

    public async ValueTask<UpstreamResponse> SendAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        var body = new StringBuilder();
        if (request.Body is { } reader)
        {
            var buffer = new byte[16];
            while (await reader.ReadAsync(buffer, cancellationToken) is > 0 and var count)
                body.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
        var sent = new Sent(CopyOf(request), body.ToString());
        lock (_lock)
            _requests.Add(sent);
        var response = await answer(sent, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return response.Failure is { } failure ? throw new UpstreamException(failure, new IOException("broken")) : response;
    }

    /// <summary>The pipeline fills the same object again when the request is over.</summary>
    private static UpstreamRequest CopyOf(UpstreamRequest request)
    {
        var copy = new UpstreamRequest
        {
            Endpoint = request.Endpoint,
            Protocol = request.Protocol,
            Tls = request.Tls,
            ConnectTimeout = request.ConnectTimeout,
            Method = request.Method,
            Target = request.Target,
            Host = request.Host,
            Body = request.Body,
            ContentLength = request.ContentLength,
            IsWebSocket = request.IsWebSocket,
        };
        request.Headers.CopyTo(copy.Headers);
        return copy;
    }
}

internal sealed class FakeResponse(int status = 200, string body = "", params (string Name, string Value)[] headers) : UpstreamResponse
{
    public UpstreamFailure? Failure { get; init; }

    /// <summary>After its body the connection breaks.</summary>
    public bool BreaksOff { get; init; }

    public override int Status => status;

    public override BodyReader Body => field ??= BreaksOff ? new BrokenBody(Encoding.ASCII.GetBytes(body)) : new MemoryBody(Encoding.ASCII.GetBytes(body));

    public static FakeResponse Failing(UpstreamFailure failure) => new() { Failure = failure };

    public override void CopyHeadersTo(HeaderList target)
    {
        foreach (var (name, value) in headers)
            target.Add(name, value);
    }

    public override void CopyTrailersTo(Exchange exchange)
    {
    }

    public ByteChannel? Connection { get; init; }

    public override ByteChannel TakeConnection() => Connection ?? throw new NotSupportedException();

    public override ValueTask DisposeAsync() => default;

    private sealed class BrokenBody(byte[] bytes) : BodyReader
    {
        private readonly MemoryBody _whole = new(bytes);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var count = await _whole.ReadAsync(buffer, cancellationToken);
            return count > 0 || buffer.IsEmpty ? count : throw new UpstreamException(UpstreamFailure.Reset, new IOException("broken"));
        }
    }
}
