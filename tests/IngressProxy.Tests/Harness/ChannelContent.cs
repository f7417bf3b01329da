using System.Net;
using System.Text;
using System.Threading.Channels;

namespace Turnpike.Tests.IngressProxy.Harness;

/// <summary>Sends what it is given, each piece at once.</summary>
internal sealed class ChannelContent(ChannelReader<string> pieces) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.FlushAsync();
        await foreach (var piece in pieces.ReadAllAsync())
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(piece));
            await stream.FlushAsync();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
