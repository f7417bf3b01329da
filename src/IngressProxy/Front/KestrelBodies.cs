using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Turnpike.Http;
using Turnpike.Pipeline;

namespace Turnpike.IngressProxy.Front;

/// <summary>Reads the body of a request from the server's pipe.</summary>
internal sealed class KestrelRequestBody : BodyReader
{
    private IRequestBodyPipeFeature? _source;
    private IHttpRequestTrailersFeature? _trailers;

    public void Begin(IRequestBodyPipeFeature source, IHttpRequestTrailersFeature? trailers)
    {
        _source = source;
        _trailers = trailers;
    }

    public void End()
    {
        _source = null;
        _trailers = null;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var pipe = (_source ?? throw new ObjectDisposedException(nameof(KestrelRequestBody))).Reader;
        ReadResult result;
        try
        {
            result = await pipe.ReadAsync(cancellationToken);
        }
        catch (BadHttpRequestException e)
        {
            throw new RequestBodyException(e.StatusCode, e.Message, e);
        }
        catch (IOException e)
        {
            throw new RequestBodyException(StatusCodes.Status400BadRequest, e.Message, e);
        }
        var count = (int)Math.Min(result.Buffer.Length, buffer.Length);
        var taken = result.Buffer.Slice(0, count);
        taken.CopyTo(buffer.Span);
        pipe.AdvanceTo(taken.End);
        if (count == 0 && !buffer.IsEmpty)
            CheckTrailers();
        return count;
    }

    /// <summary>Trailers go no further, but a request that ends in something malformed is malformed.</summary>
    private void CheckTrailers()
    {
        if (_trailers is not { Available: true })
            return;
        foreach (var (name, values) in _trailers.Trailers)
        {
            foreach (var value in values)
            {
                if (!RequestRules.IsTrailer(WireText.Encoding.GetBytes(name), WireText.Encoding.GetBytes(value ?? "")))
                {
                    const string fault = "a trailer is malformed or not allowed after the content";
                    throw new RequestBodyException(StatusCodes.Status400BadRequest, fault, null);
                }
            }
        }
    }
}

/// <summary>Writes the body of a response into the server's pipe.</summary>
internal sealed class KestrelResponseBody(KestrelExchange exchange) : BodyWriter
{
    private IHttpResponseBodyFeature _sink = null!;
    private PipeWriter _pipe = null!;

    public void Begin(IHttpResponseBodyFeature sink)
    {
        _sink = sink;
        _pipe = sink.Writer;
    }

    public void End()
    {
        _sink = null!;
        _pipe = null!;
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        exchange.SetHead();
        // The server sends no body with this status, so a body from upstream ends here.
        if (exchange.Response.Status == StatusCodes.Status205ResetContent)
            return;
        Check(await _pipe.WriteAsync(bytes, cancellationToken));
    }

    /// <inheritdoc/>
    public override async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        exchange.SetHead();
        Check(await _pipe.FlushAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public override ValueTask EndAsync(CancellationToken cancellationToken)
    {
        exchange.SetHead();
        return new(_sink.CompleteAsync());
    }

    private static void Check(FlushResult result)
    {
        if (result.IsCompleted || result.IsCanceled)
            throw new ClientGoneException();
    }
}
