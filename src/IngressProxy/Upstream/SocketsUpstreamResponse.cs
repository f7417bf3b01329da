using Turnpike.IngressProxy.Pipeline;

namespace Turnpike.IngressProxy.Upstream;

internal sealed class SocketsUpstreamResponse(HttpRequestMessage request, HttpResponseMessage response, StreamedContent? content)
    : UpstreamResponse
{
    private ResponseBody? _body;

    /// <inheritdoc/>
    public override int Status => (int)response.StatusCode;

    /// <inheritdoc/>
    public override BodyReader Body => _body ??= new ResponseBody(response.Content.ReadAsStream());

    /// <inheritdoc/>
    public override void CopyHeadersTo(HeaderList headers)
    {
        foreach (var (name, values) in response.Headers.NonValidated)
        {
            foreach (var value in values)
                headers.Add(name, value);
        }
        foreach (var (name, values) in response.Content.Headers.NonValidated)
        {
            foreach (var value in values)
                headers.Add(name, value);
        }
    }

    /// <inheritdoc/>
    public override void CopyTrailersTo(Exchange exchange)
    {
        foreach (var (name, values) in response.TrailingHeaders.NonValidated)
        {
            foreach (var value in values)
                exchange.AddTrailer(name, value);
        }
    }

    /// <inheritdoc/>
    public override Stream TakeConnection() => response.Content.ReadAsStream();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        // An endpoint may answer before it has read everything.
        if (content is not null)
            await content.StopAsync();
        response.Dispose();
        request.Dispose();
    }

    private sealed class ResponseBody(Stream stream) : BodyReader
    {
        /// <inheritdoc/>
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            try
            {
                return await stream.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                throw new UpstreamException(UpstreamFailure.Reset, e);
            }
        }
    }
}
