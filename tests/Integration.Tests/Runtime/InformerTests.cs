using Turnpike.Hosting.Client;
using Turnpike.Tests.Integration.Support;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.Runtime;

public sealed class InformerTests(ApiServerFixture server)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Informer_ListsInPages_ThenTellsOfEveryChange()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        foreach (var name in new[] { "a", "b", "c" })
            await PutAsync(ns, name, "0");
        await using var seen = new WatchedConfigMaps(Client(), new() { Namespace = ns, PageSize = 2 });
        await seen.Synced();
        Assert.Equal("+a=0 +b=0 +c=0", seen.Told);

        seen.Forget();
        await PutAsync(ns, "x", "1");
        await PutAsync(ns, "x", "2");
        await RemoveAsync(ns, "x");
        await seen.ToldOf("+x=1 ~x=2 -x");
        Assert.Equal(3, seen.Informer.Cache.Count);
    }

    [Fact]
    public async Task Watch_ThatIsCut_GoesOnWhereItWas()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        await using var relay = new Relay(KubeEndpoint.FromKubeconfig(server.Kubeconfig).Server);
        await using var seen = new WatchedConfigMaps(
            new(KubeEndpoint.FromKubeconfig(await server.KubeconfigAsync(relay.Address))), new() { Namespace = ns });
        await PutAsync(ns, "a", "1");
        await seen.ToldOf("+a=1");

        relay.Cut();
        await PutAsync(ns, "a", "2");
        await PutAsync(ns, "a", "3");
        await RemoveAsync(ns, "a");
        relay.Mend();

        // A list would show what became of it, and nothing of what lay between.
        await seen.ToldOf("+a=1 ~a=2 ~a=3 -a");
    }

    [Fact]
    public async Task Watch_ThatTheServerEnds_GoesOn()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        await using var seen = new WatchedConfigMaps(Client(), new() { Namespace = ns }, TimeSpan.FromSeconds(1));
        await seen.Synced();
        var expected = new List<string>();
        var started = TimeProvider.System.GetTimestamp();

        // Several watches' time, and changes all along it.
        for (var i = 0; TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(3); i++)
        {
            await PutAsync(ns, "a", $"{i}");
            expected.Add($"{(i == 0 ? '+' : '~')}a={i}");
        }

        await seen.ToldOf(string.Join(' ', expected));
    }

    [Fact]
    public async Task FieldSelector_ShowsOneObjectAlone()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        await PutAsync(ns, "a", "1");
        await PutAsync(ns, "b", "1");
        await using var seen = new WatchedConfigMaps(Client(), new() { Namespace = ns, FieldSelector = "metadata.name=a" });
        await seen.Synced();
        await PutAsync(ns, "b", "2");
        await PutAsync(ns, "c", "2");
        await PutAsync(ns, "a", "2");
        await seen.ToldOf("+a=1 ~a=2");
        await RemoveAsync(ns, "a");
        await seen.ToldOf("+a=1 ~a=2 -a");
    }

    [Fact]
    public async Task LabelSelector_TellsOfAnObjectThatNoLongerFits()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        await PutAsync(ns, "a", "1");
        await using var seen = new WatchedConfigMaps(Client(), new() { Namespace = ns, LabelSelector = "seen=yes" });
        await seen.Synced();
        await LabelAsync("yes");
        await seen.ToldOf("+a=1");
        await LabelAsync("no");
        await seen.ToldOf("+a=1 -a");

        Task LabelAsync(string value) =>
            server.Api.MergeAsync(Kind.ConfigMaps, new(ns, "a"), $$"""{"metadata":{"labels":{"seen":"{{value}}"} } }""", Cancelled);
    }

    private KubeApi Client() => new(KubeEndpoint.FromKubeconfig(server.Kubeconfig));

    private Task PutAsync(string ns, string name, string value) => WatchedConfigMaps.PutAsync(server.Api, ns, name, value, Cancelled);

    private Task RemoveAsync(string ns, string name) => WatchedConfigMaps.RemoveAsync(server.Api, ns, name, Cancelled);
}
