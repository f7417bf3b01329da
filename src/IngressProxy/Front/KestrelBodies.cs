using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Turnpike.IngressProxy.Pipeline;

namespace Turnpike.IngressProxy.Front;

/// <summary>The body of a request, out of the server's pipe.</summary>
internal sealed class KestrelRequestBody : BodyReader
{
    private IRequestBodyPipeFeature? _source;

    public void Begin(IRequestBodyPipeFeature source) => _source = source;

    public void End() => _source = null;

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
        return count;
    }
}

/// <summary>The body of an answer, into the server's pipe.</summary>
internal sealed class KestrelResponseBody(KestrelExchange exchange) : BodyWriter
{
    private PipeWriter _pipe = null!;

    public void Begin(IHttpResponseBodyFeature sink) => _pipe = sink.Writer;

    public void End() => _pipe = null!;

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        exchange.SetHead();
        Check(await _pipe.WriteAsync(bytes, cancellationToken));
    }

    /// <inheritdoc/>
    public override async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        exchange.SetHead();
        Check(await _pipe.FlushAsync(cancellationToken));
    }

    private static void Check(FlushResult result)
    {
        if (result.IsCompleted || result.IsCanceled)
            throw new ClientGoneException();
    }
}
