using Microsoft.AspNetCore.Server.Kestrel.Core;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Looks at the memory of the whole process, so nothing else may run.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    [Theory]
    [InlineData("1.1", "1.1")]
    [InlineData("2.0", "1.1")]
    [InlineData("2.0", "2.0")]
    public async Task HugeBodies_PassInBoundedMemory(string front, string back)
    {
        const long size = 200L * 1024 * 1024;
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var upstream = await KestrelUpstream.StartAsync(
            async context =>
            {
                context.Response.Headers["x-length"] = $"{await DrainAsync(context.Request.Body, context.RequestAborted)}";
                var buffer = new byte[64 * 1024];
                for (long at = 0; at < size; at += buffer.Length)
                    await context.Response.Body.WriteAsync(buffer, context.RequestAborted);
            },
            back == "2.0" ? HttpProtocols.Http2 : HttpProtocols.Http1);
        await using var proxy = await TestProxy.StartAsync(Tables.Of(
            Tables.Cluster(upstream.EndPoint) with { Protocol = back == "2.0" ? UpstreamProtocol.Http2 : UpstreamProtocol.Http1 },
            Tables.Route() with { Timeout = TimeSpan.Zero }));
        using var request = proxy.Request(HttpMethod.Post, "/");
        request.Content = new StreamContent(new Zeros(size), 64 * 1024);
        using var watch = new MemoryWatch();

        using var response = await proxy.SendAsync(request, Version.Parse(front), cancellationToken);
        var received = await DrainAsync(await response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken);

        Assert.Equal(size, received);
        Assert.Equal($"{size}", response.Headers.GetValues("x-length").Single());
        // Client, proxy and upstream together, all in this process.
        Assert.InRange(watch.Growth, 0, size / 2);
    }

    private static async Task<long> DrainAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        long length = 0;
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            length += count;
        return length;
    }

    /// <summary>A stream of that many arbitrary bytes.</summary>
    private sealed class Zeros(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var part = (int)Math.Min(count, _left);
            _left -= part;
            return part;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    /// <summary>The most managed memory in use, live or not, beyond what there was at first.</summary>
    private sealed class MemoryWatch : IDisposable
    {
        private readonly long _before = GC.GetTotalMemory(forceFullCollection: true);
        private readonly Timer _timer;
        private long _most;

        public MemoryWatch() => _timer = new Timer(_ => Look(), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(20));

        public long Growth => Math.Max(0, Volatile.Read(ref _most) - _before);

        public void Dispose() => _timer.Dispose();

        private void Look() => _most = Math.Max(_most, GC.GetTotalMemory(forceFullCollection: false));
    }
}
