using System.Security.Cryptography;

namespace Turnpike.Tests.IngressProxy.Harness;

/// <summary>
/// Bytes of any number in which each position differs from its neighbours, and their hash: lost, doubled or swapped pieces show.
/// </summary>
internal static class Pattern
{
    public static void Fill(Span<byte> span, long position)
    {
        for (var i = 0; i < span.Length; i++)
        {
            var at = (ulong)(position + i);
            span[i] = (byte)((at * 0x9E3779B97F4A7C15) >> 56);
        }
    }

    public static byte[] Hash(long length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        for (long at = 0; at < length; at += buffer.Length)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - at));
            Fill(part, at);
            hash.AppendData(part);
        }
        return hash.GetHashAndReset();
    }

    public static async Task WriteAsync(Stream stream, long length, int chunk, CancellationToken cancellationToken)
    {
        var buffer = new byte[chunk];
        for (long at = 0; at < length; at += chunk)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(chunk, length - at));
            Fill(part.Span, at);
            await stream.WriteAsync(part, cancellationToken);
        }
    }

    public static async Task<(byte[] Hash, long Length)> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        long length = 0;
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            hash.AppendData(buffer, 0, count);
            length += count;
        }
        return (hash.GetHashAndReset(), length);
    }
}

/// <summary>A request body of that pattern, without an announced length unless asked for.</summary>
internal sealed class PatternContent(long length, int chunk, bool announce) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) =>
        Pattern.WriteAsync(stream, length, chunk, CancellationToken.None);

    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return announce;
    }
}
