using System.Net;
using Microsoft.AspNetCore.Http;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Readiness, table swaps and the way out.</summary>
public sealed class LifeCycleTests
{
    [Fact]
    public async Task Ready_OnlyWithATable_AndNotWhileDraining()
    {
        await using var proxy = await TestProxy.StartAsync();

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "no route table yet\n"), await proxy.AdminAsync("/ready"));
        Assert.Equal(HttpStatusCode.OK, (await proxy.AdminAsync("/live")).Status);
        proxy.Server.Swap(RouteTable.Empty);
        Assert.Equal((HttpStatusCode.OK, "ready\n"), await proxy.AdminAsync("/ready"));
        await proxy.Server.DrainAsync(TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "draining\n"), await proxy.AdminAsync("/ready"));
        Assert.Equal(HttpStatusCode.OK, (await proxy.AdminAsync("/live")).Status);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Drain_FinishesWhatIsUnderWay_AndTakesNothingNew(string version)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var reached = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using var upstream = await KestrelUpstream.StartAsync(async context =>
        {
            await context.Response.WriteAsync("begin ", context.RequestAborted);
            reached.SetResult();
            await release.Task;
            await context.Response.WriteAsync("end", context.RequestAborted);
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));

        var sending = proxy.GetAsync("/", Version.Parse(version));
        await reached.Task.WaitAsync(cancellationToken);
        var draining = proxy.Server.DrainAsync(cancellationToken);
        await RefusesConnectionsAsync(proxy.Server.Http);
        await RefusesConnectionsAsync(proxy.Server.Https);
        Assert.False(draining.IsCompleted);
        release.SetResult();

        using var response = await sending;
        Assert.Equal("begin end", await response.Content.ReadAsStringAsync(cancellationToken));
        await draining;
    }

    [Fact]
    public async Task Drain_ServesOnForTheDelay_AndSendsClientsAway()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var proxy = await TestProxy.StartAsync(
            Tables.To(upstream.EndPoint),
            TestProxy.Options with
            {
                DrainDelay = TimeSpan.FromSeconds(2),
            });
        using var client = await RawConnection.ConnectAsync(proxy.Server.Http);

        var draining = proxy.Server.DrainAsync(cancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.AdminAsync("/ready")).Status);
        await client.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        var answer = await client.ReadToEndAsync();
        using var overHttp2 = await proxy.GetAsync("/", HttpVersion.Version20);

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.OK, overHttp2.StatusCode);
        Assert.False(draining.IsCompleted);
        await draining;
    }

    [Fact]
    public async Task Drain_BreaksOffWhatTakesTooLong()
    {
        var reached = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            reached.SetResult();
            await connection.WaitForEndAsync();
        });
        await using var proxy = await TestProxy.StartAsync(
            Tables.Of(Tables.Cluster(upstream.EndPoint), Tables.Route() with { Timeout = TimeSpan.Zero }),
            TestProxy.Options with { DrainDuration = TimeSpan.FromMilliseconds(300) });

        var sending = proxy.GetAsync();
        await reached.Task.WaitAsync(TestContext.Current.CancellationToken);
        await proxy.Server.DrainAsync(TestContext.Current.CancellationToken);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => sending);
    }

    /// <summary>A drain of nothing is nothing: not the default of 45 seconds.</summary>
    [Fact]
    public async Task DrainDurationOfZero_WaitsForNoRequest()
    {
        var reached = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            reached.SetResult();
            await connection.WaitForEndAsync();
        });
        var table = Tables.Of(Tables.Cluster(upstream.EndPoint), Tables.Route() with { Timeout = TimeSpan.Zero }) with
        {
            Settings = new ProxySettings { DrainDuration = Turnpike.Primitives.TimeoutSetting.Disabled },
        };
        await using var proxy = await TestProxy.StartAsync(table, TestProxy.Options with { DrainDuration = null });
        var sending = proxy.GetAsync();
        await reached.Task.WaitAsync(TestContext.Current.CancellationToken);
        await proxy
            .Server.DrainAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => sending);
    }

    [Fact]
    public async Task Swaps_DropNothing_WhateverIsUnderWay()
    {
        const int swaps = 300;
        const long size = 48 * 1024 * 1024;
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var first = await StartAsync("one");
        await using var second = await StartAsync("two");
        var tables = new[] { Tables.To(first.EndPoint), Tables.To(second.EndPoint), Tables.To(first.EndPoint, second.EndPoint) };
        await using var proxy = await TestProxy.StartAsync(tables[0]);
        using var done = new CancellationTokenSource();

        async Task<int> RequestAsync(Version version)
        {
            var answered = 0;
            while (!done.IsCancellationRequested)
            {
                using var response = await proxy.GetAsync("/small", version);
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                Assert.Contains(await response.Content.ReadAsStringAsync(cancellationToken), new[] { "one", "two" });
                answered++;
            }
            return answered;
        }

        async Task DownloadAsync(Version version, long expected)
        {
            using var response = await proxy.GetAsync("/large", version);
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            var (hash, length) = await Pattern.ReadAsync(stream, cancellationToken);
            Assert.Equal(expected, length);
            Assert.Equal(Pattern.Hash(expected), hash);
        }

        async Task SwapAsync()
        {
            for (var i = 0; i < swaps; i++)
            {
                proxy.Server.Swap(tables[i % tables.Length] with { Version = $"{i}" });
                await Wait.Lasting(TimeSpan.FromMilliseconds(5), cancellationToken);
            }
            await done.CancelAsync();
        }

        var requests = Enumerable
            .Range(0, 8)
            .Select(i => RequestAsync(i % 2 == 0 ? HttpVersion.Version11 : HttpVersion.Version20))
            .ToArray();
        var downloads = new[] { DownloadAsync(HttpVersion.Version11, size), DownloadAsync(HttpVersion.Version20, size) };
        await Task.WhenAll([SwapAsync(), .. downloads, .. requests]);

        Assert.True((await Task.WhenAll(requests)).Sum() > swaps);
        Assert.Equal($"{swaps - 1}", proxy.Server.Table.Version);
        Assert.DoesNotContain("code=\"5xx\"", (await proxy.AdminAsync("/metrics")).Text, StringComparison.Ordinal);

        Task<KestrelUpstream> StartAsync(string name) => KestrelUpstream.StartAsync(async context =>
        {
            if (context.Request.Path == "/small")
            {
                await context.Response.WriteAsync(name, context.RequestAborted);
                return;
            }
            // Slowly enough to last while tables come and go.
            var buffer = new byte[size / 100];
            for (long at = 0; at < size; at += buffer.Length)
            {
                var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, size - at));
                Pattern.Fill(part.Span, at);
                await context.Response.Body.WriteAsync(part, context.RequestAborted);
                await Wait.Lasting(TimeSpan.FromMilliseconds(10), context.RequestAborted);
            }
        });
    }

    [Fact]
    public async Task RequestUnderWay_KeepsItsTable()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var reached = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using var upstream = await KestrelUpstream.StartAsync(async context =>
        {
            reached.TrySetResult();
            await release.Task;
            await context.Response.WriteAsync("ok", context.RequestAborted);
        });
        await using var proxy = await TestProxy.StartAsync(Tables.To(upstream.EndPoint));

        var sending = proxy.GetAsync();
        await reached.Task.WaitAsync(cancellationToken);
        proxy.Server.Swap(RouteTable.Empty);
        using var after = await proxy.GetAsync();
        release.SetResult();

        Assert.Equal(HttpStatusCode.NotFound, after.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await sending).StatusCode);
    }

    private static async Task RefusesConnectionsAsync(IPEndPoint endpoint)
    {
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            try
            {
                using var connection = await RawConnection.ConnectAsync(endpoint);
            }
            catch (System.Net.Sockets.SocketException)
            {
                return;
            }
        }
    }
}
