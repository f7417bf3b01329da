using System.Globalization;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Compiler;
using Turnpike.Protocol;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.ControlPlane;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Discovery;

/// <summary>Tests the way from the cluster to what a client of the proxy gets, over real sockets.</summary>
public sealed class StreamTests : IAsyncLifetime
{
    private Cluster _cluster = null!;
    private KestrelUpstream _blue = null!;
    private KestrelUpstream _green = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await Cluster.StartAsync();
        _blue = await KestrelUpstream.StartAsync(context => context.Response.WriteAsync("blue"));
        _green = await KestrelUpstream.StartAsync(context => context.Response.WriteAsync("green"));
        _cluster.SetEndpoint(_blue.EndPoint);
    }

    public async ValueTask DisposeAsync()
    {
        await _blue.DisposeAsync();
        await _green.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task FirstTable_IsWhole_Served_AndAcknowledged()
    {
        await using var replica = await Replica.StartAsync(_cluster);
        await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
        await Wait.Until(() => replica.HasAcknowledged(), "the acknowledgement");

        Assert.Equal("200 blue", await proxy.GetAsync());
        var update = Assert.Single(replica.Tap.Updates);
        Assert.Equal(("", replica.TableVersion), (update.FromVersion, update.ToVersion));
        Assert.Equal(replica.TableVersion, proxy.Server.Table.Version);
        var known = Assert.Single(replica.Registry.All);
        Assert.Equal(("ingress-1", "istio-system", "0.1.0"), (known.Pod, known.Namespace, known.Build));
    }

    [Fact]
    public async Task FirstCompilationThatFails_LeavesAdmissionReady_AndTheNextOneIsServed()
    {
        var isBroken = true;
        await using var replica = await Replica.StartAsync(_cluster, compiler: snapshot => isBroken ? throw new InvalidOperationException("stumbled") : RouteCompiler.Compile(snapshot));
        await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
        Assert.True(replica.States.IsRead);
        Assert.Null(replica.States.Current);
        Assert.Contains(replica.Logs.Lines, line => line.Contains("cannot be compiled", StringComparison.Ordinal));

        isBroken = false;
        _cluster.ChangeWithoutEffect("anything");
        await Wait.Until(() => replica.States.Current is not null && replica.HasAcknowledged(), "the first table");
        Assert.Equal("200 blue", await proxy.GetAsync());
    }

    [Fact]
    public async Task ChangedEndpoint_TravelsAsOneResource_ToEveryProxy()
    {
        await using var replica = await Replica.StartAsync(_cluster);
        await using var first = await FollowingProxy.StartAsync(_cluster, replica.Port);
        await using var second = await FollowingProxy.StartAsync(_cluster, replica.Port, "ingress-2");
        await Wait.Until(() => replica.HasAcknowledged(2), "the first table");
        var before = replica.TableVersion;

        _cluster.SetEndpoint(_green.EndPoint);
        await Wait.Until(() => replica.TableVersion != before && replica.HasAcknowledged(2), "the second table");

        Assert.Equal("200 green", await first.GetAsync());
        Assert.Equal("200 green", await second.GetAsync());
        Assert.Equal(4, replica.Tap.Updates.Count);
        Assert.All(replica.Tap.Updates.Skip(2), update =>
        {
            Assert.Equal(before, update.FromVersion);
            Assert.Equal(ResourceKind.Cluster, Assert.Single(update.Changed).Key.Kind);
            Assert.Empty(update.Removed);
        });
    }

    [Fact]
    public async Task ChangeThatIsNoneOfTheTable_TravelsNotAtAll()
    {
        await using var replica = await Replica.StartAsync(_cluster);
        await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
        await Wait.Until(() => replica.HasAcknowledged(), "the first table");
        var (sequence, changes) = (replica.States.Current!.Sequence, 0);
        replica.Registry.Changed += () => changes++;

        _cluster.ChangeWithoutEffect("a");
        await Wait.Until(() => replica.States.Current!.Sequence > sequence, "the compilation");

        _cluster.SetEndpoint(_green.EndPoint);
        await Wait.Until(() => replica.Tap.Updates.Count == 2 && replica.HasAcknowledged(), "the next table");
        await Wait.Until(() => changes > 0, "the news");
        Assert.Equal(1, changes);
    }

    [Theory]
    [InlineData("unreadable")]
    [InlineData("unknown kind")]
    [InlineData("no key")]
    [InlineData("unusable")]
    [InlineData("host of a listener that is not there")]
    [InlineData("two listeners with one port")]
    [InlineData("format of tomorrow")]
    [InlineData("no format")]
    public async Task BadUpdate_IsRefusedWithItsReason_TheLastTableStays_TheNextOneHeals(string fault)
    {
        await using var replica = await Replica.StartAsync(_cluster);
        await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
        await Wait.Until(() => replica.HasAcknowledged(), "the first table");
        var before = replica.TableVersion;

        replica.Tap.Spoil = update =>
        {
            if (fault.Contains("format", StringComparison.Ordinal))
            {
                update.Format = fault == "no format" ? 0 : update.Format + 1;
                return;
            }
            update.Changed.AddRange(fault switch
            {
                "unreadable" => [Resource(ResourceKind.Cluster, "x", "{]")],
                "unknown kind" => [Resource((ResourceKind)17, "x", "{}")],
                "no key" => [new Resource { Body = ByteString.CopyFromUtf8("{}") }],
                "host of a listener that is not there" => [Resource(ResourceKind.VirtualHost, "gone/a.com", """{"domain":"a.com"}""")],
                "two listeners with one port" => Enumerable.Range(1, 2).Select(i =>
                    Resource(ResourceKind.Listener, $"l{i}", $$"""{"name":"l{{i}}","protocol":"tcp","port":9000}""")),
                _ => new[] { Resource(ResourceKind.Settings, "", """{"trustedCidrs":["nonsense"]}""") },
            });
        };
        _cluster.SetEndpoint(_green.EndPoint);
        await Wait.Until(() => replica.Registry.All.Any(p => p.Error is not null), "the refusal");
        var refused = Assert.Single(replica.Registry.All);
        Assert.Equal(before, refused.TableVersion);
        Assert.NotEmpty(refused.Error!);
        Assert.True(proxy.Logged(refused.Error!));
        Assert.Equal("200 blue", await proxy.GetAsync());

        replica.Tap.Spoil = null;
        _cluster.AddIngress("more");
        await Wait.Until(() => replica.HasAcknowledged() && proxy.Server.Table.Version != before, "the good table");
        Assert.Equal("200 green", await proxy.GetAsync());
    }

    [Fact]
    public async Task RefusedTable_IsNotOfferedWithEachChange_ButOnceMoreAsAWholeAfterAWhile()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var replica = await Replica.StartAsync(_cluster, clock: clock);
        replica.Tap.Spoil = update => update.Changed[0].Body = ByteString.CopyFromUtf8("{]");
        await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
        await Wait.Until(() => replica.Registry.All.Any(p => p.Error is not null), "the refusal");
        replica.Tap.Spoil = null;

        for (var i = 0; i < 3; i++)
        {
            var sequence = replica.States.Current!.Sequence;
            _cluster.ChangeWithoutEffect(i.ToString(CultureInfo.InvariantCulture));
            await Wait.Until(() => replica.States.Current.Sequence > sequence, "the compilation", clock, TimeSpan.FromMilliseconds(5));
        }
        Assert.Single(replica.Tap.Updates);

        clock.Advance(TimeSpan.FromSeconds(30));
        await Wait.Until(() => replica.HasAcknowledged(), "the second attempt");
        Assert.Equal(["", ""], replica.Tap.Updates.Select(u => u.FromVersion));
        Assert.Equal("200 blue", await proxy.GetAsync());
    }

    [Fact]
    public async Task UpdateFromAnotherTable_MakesTheProxyAskForTheWholeOne()
    {
        await using var replica = await Replica.StartAsync(_cluster);
        await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
        await Wait.Until(() => replica.HasAcknowledged(), "the first table");
        var before = replica.TableVersion;

        replica.Tap.Spoil = update => update.FromVersion = update.FromVersion.Length > 0 ? "another" : "";
        _cluster.SetEndpoint(_green.EndPoint);
        await Wait.Until(() => replica.TableVersion != before && replica.HasAcknowledged(), "the recovery");
        Assert.Equal("200 green", await proxy.GetAsync());
        Assert.Equal(["", before, ""], replica.Tap.Updates.Select(u => u.FromVersion));
    }

    [Fact]
    public async Task ReplicaGone_ProxyServesOn_AndTellsTheNextOneWhatItHas()
    {
        var replica = await Replica.StartAsync(_cluster);
        var port = replica.Port;
        await using var proxy = await FollowingProxy.StartAsync(_cluster, port);
        await Wait.Until(() => replica.HasAcknowledged(), "the first table");
        var before = replica.TableVersion;
        await replica.DisposeAsync();
        Assert.Equal("200 blue", await proxy.GetAsync());

        await using (var equal = await Replica.StartAsync(_cluster, port))
        {
            await Wait.Until(() => equal.HasAcknowledged(), "the reconnection");
            Assert.Equal(before, equal.TableVersion);
            Assert.Empty(equal.Tap.Updates);
        }
        Assert.Equal("200 blue", await proxy.GetAsync());

        _cluster.SetEndpoint(_green.EndPoint);
        await using var newer = await Replica.StartAsync(_cluster, port);
        await Wait.Until(() => newer.HasAcknowledged(), "the newer table");
        var update = Assert.Single(newer.Tap.Updates);
        Assert.Equal(before, update.FromVersion);
        Assert.Equal(ResourceKind.Cluster, Assert.Single(update.Changed).Key.Kind);
        Assert.Equal("200 green", await proxy.GetAsync());
    }

    [Fact]
    public async Task StoppingReplica_EndsItsStreamsAtOnce()
    {
        await using var replica = await Replica.StartAsync(_cluster);
        await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
        await Wait.Until(() => replica.HasAcknowledged(), "the first table");

        // The host would wait for its connections, up to its timeout of 30 s.
        await replica.StopAsync().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Empty(replica.Registry.All);
        // The end of the connection may overtake that of the stream.
        await Wait.Until(() => proxy.Logged("ended the stream") || proxy.Logged("NO_ERROR"), "the end of the stream");
        Assert.DoesNotContain(replica.Logs.Lines, l => l.StartsWith("Error", StringComparison.Ordinal));
    }

    private static Resource Resource(ResourceKind kind, string name, string body) =>
        new() { Key = new ResourceKey { Kind = kind, Name = name }, Version = "spoiled", Body = ByteString.CopyFromUtf8(body) };
}
